import { DatabaseUrlError, parseDatabaseUrl } from "../../db/database-url.mjs";
import { UserError } from "../user-error.mjs";
import { readGreeting } from "./greeting.mjs";
import { isSupported, parseVersion } from "./installation.mjs";

const ANSWER_SECONDS = 5;

/**
 * @param {string} url as in DATABASE_URL
 * @returns {{ path: string } | { host: string, port: number }}
 */
export function addressOf(url) {
  try {
    const { socketPath, host = "localhost", port = 3306 } = parseDatabaseUrl(url);
    return socketPath === undefined ? { host, port } : { path: socketPath };
  } catch (error) {
    throw error instanceof DatabaseUrlError ? new UserError(`${error.message}.`) : error;
  }
}

/** Tells at once whether a server answers there, before anything slow is begun. @param {string} url */
export async function checkExternalServer(url) {
  const address = addressOf(url);
  const name = "path" in address ? address.path : `${address.host}:${address.port}`;
  try {
    const greeting = await readGreeting(address, ANSWER_SECONDS);
    const found = parseVersion(greeting);
    if (found === null) return { url, version: `${greeting} at ${name}` };
    const tooOld = isSupported(found) ? "" : ", older than what Portcullis is tested on";
    return {
      url,
      version: `${found.flavour === "mariadb" ? "MariaDB" : "MySQL"} ${found.version} at ${name}${tooOld}`,
    };
  } catch (error) {
    // Never the URL itself: it holds the password.
    const reason = /** @type {NodeJS.ErrnoException} */ (error).code ?? /** @type {Error} */ (error).message;
    throw new UserError(
      `DATABASE_URL names a server at ${name}, which does not answer: ${reason}.\nStart it, correct DATABASE_URL, or leave it out to have one provided.`,
    );
  }
}
