import { parseDatabaseUrl } from "../../db/database-url.mjs";
import { DatabaseUrlError } from "../../db/database-url-parameters.mjs";
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

/** Checks that the server responds, before any slow step begins. @param {string} url */
export async function checkExternalServer(url) {
  const address = addressOf(url);
  const name = "path" in address ? address.path : `${address.host}:${address.port}`;
  try {
    const greeting = await readGreeting(address, ANSWER_SECONDS);
    const found = parseVersion(greeting);
    if (found === null) return { url, version: `${greeting} at ${name}` };
    const tooOld = isSupported(found) ? "" : ", older than the tested versions";
    return {
      url,
      version: `${found.flavour === "mariadb" ? "MariaDB" : "MySQL"} ${found.version} at ${name}${tooOld}`,
    };
  } catch (error) {
    // Never the URL itself: it contains the password.
    const reason = /** @type {NodeJS.ErrnoException} */ (error).code ?? /** @type {Error} */ (error).message;
    throw new UserError(
      `The server at ${name} in DATABASE_URL does not respond: ${reason}.\nStart it, correct DATABASE_URL, or unset it to use a private server.`,
    );
  }
}
