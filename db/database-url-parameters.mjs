export const ENCODINGS = "In user and password write % as %25, @ as %40, # as %23, / as %2F, ? as %3F and : as %3A";

/** The message names DATABASE_URL, says what to write, and quotes nothing that could be part of the password. */
export class DatabaseUrlError extends Error {
  /** @param {string} problem */
  constructor(problem) {
    super(`DATABASE_URL ${problem}`);
  }
}

/** @param {string} problem  @returns {never} */
export function refuse(problem) {
  throw new DatabaseUrlError(problem);
}

/** @param {string} text */
export function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(`has a % that encodes nothing. ${ENCODINGS}`);
  }
}

/** @typedef {Map<string, { name: string, value: string }>} Parameters by name in lower case, without - and _ */

/** @param {string} query  @returns {Parameters} */
export function readParameters(query) {
  /** @type {Parameters} */
  const parameters = new Map();
  for (const part of query.split("&").filter((part) => part !== "")) {
    const equals = part.indexOf("=");
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    // Prisma's sslcert is the CA certificate; ssl-cert of MySQL's clients is the client's own.
    const key = name === "sslcert" ? "sslcert?" : name.toLowerCase().replace(/[-_]/g, "");
    if (parameters.has(key)) refuse("has one parameter twice. Remove one of them");
    parameters.set(key, { name, value: equals === -1 ? "" : decode(part.slice(equals + 1)) });
  }
  return parameters;
}

/** @param {Parameters} parameters  @param {string[]} keys  @returns {string | undefined} */
export function take(parameters, keys) {
  const key = keys.find((key) => parameters.has(key));
  if (key === undefined) return undefined;
  const value = parameters.get(key)?.value;
  parameters.delete(key);
  return value;
}
