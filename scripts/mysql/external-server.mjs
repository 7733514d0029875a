import { parseDatabaseUrl } from "../../db/database-url.mjs";
import { DatabaseUrlError } from "../../db/database-url-parameters.mjs";
import { UserError } from "../user-error.mjs";
import { readGreeting } from "./greeting.mjs";
import { isSupported, parseVersion } from "./installation.mjs";

const ANSWER_SECONDS = 5;

/** @typedef {{ path: string } | { host: string, port: number }} Address */

/**
 * @param {string} url as in DATABASE_URL
 * @returns {Address[]}
 */
export function addressesOf(url) {
  try {
    return parseDatabaseUrl(url).map(({ socketPath, host = "localhost", port = 3306 }) =>
      socketPath === undefined ? { host, port } : { path: socketPath },
    );
  } catch (error) {
    throw error instanceof DatabaseUrlError ? new UserError(`${error.message}.`) : error;
  }
}

/** Checks that one of the servers responds, before any slow step begins. @param {string} url */
export async function checkExternalServer(url) {
  const results = await Promise.all(addressesOf(url).map(readVersion));
  const found = results.flatMap(({ version = [] }) => version);
  const failures = results.flatMap(({ failure = [] }) => failure);
  if (found.length === 0)
    throw new UserError(
      `The server at ${failures.join(" and ")}.\nStart it, correct DATABASE_URL, or unset it to use a private server.`,
    );
  return { url, version: [...found, ...failures].join("; ") };
}

/** @param {Address} address  @returns {Promise<{ version?: string, failure?: string }>} */
async function readVersion(address) {
  const name = "path" in address ? address.path : `${address.host}:${address.port}`;
  try {
    const greeting = await readGreeting(address, ANSWER_SECONDS);
    const found = parseVersion(greeting);
    if (found === null) return { version: `${greeting} at ${name}` };
    const tooOld = isSupported(found) ? "" : ", older than the tested versions";
    return { version: `${found.flavour === "mariadb" ? "MariaDB" : "MySQL"} ${found.version} at ${name}${tooOld}` };
  } catch (error) {
    // Never the URL itself: it contains the password.
    const reason = /** @type {NodeJS.ErrnoException} */ (error).code ?? /** @type {Error} */ (error).message;
    return { failure: `${name} in DATABASE_URL does not respond: ${reason}` };
  }
}
