import { readFileSync } from "node:fs";
import { isIP } from "node:net";

// Plain JavaScript without packages: `npm start` reads DATABASE_URL before `npm ci` has run.

/**
 * Connection options as mysql2 takes them.
 * @typedef {object} DatabaseAddress
 * @property {string} [host]
 * @property {number} [port]
 * @property {string} [socketPath]
 * @property {string} user
 * @property {string} password
 * @property {string} database
 * @property {Tls} [ssl]
 *
 * @typedef {{ rejectUnauthorized?: boolean, verifyIdentity?: boolean, ca?: string | string[], cert?: string, key?: string,
 *   passphrase?: string, ciphers?: string, minVersion?: "TLSv1.2" | "TLSv1.3", maxVersion?: "TLSv1.2" | "TLSv1.3" }} Tls
 */

const FORM = "mysql://user:password@host:3306/database";
const SCHEME = /^(mysql2?|mariadb)(\+[a-z0-9]+)?$/;
const ENCODINGS = "In user and password write % as %25, @ as %40, # as %23, / as %2F, ? as %3F and : as %3A";
const KNOWN = "socketPath, ssl, ssl-mode, ssl-ca, ssl-cert and ssl-key";

/** TLS modes by the names of MySQL's clients, JDBC, Go, Prisma, Rails and SQLAlchemy. Opportunistic TLS (PREFERRED) is not supported. */
const MODES = {
  disabled: "off",
  disable: "off",
  required: "encrypted",
  require: "encrypted",
  trust: "encrypted",
  verifyca: "authority",
  verifyidentity: "identity",
  verifyfull: "identity",
};
const YES = ["true", "1", "yes", "on"];
const NO = ["false", "0", "no", "off"];

/** The message names DATABASE_URL, says what to write, and quotes nothing that could be part of the password. */
export class DatabaseUrlError extends Error {
  /** @param {string} problem */
  constructor(problem) {
    super(`DATABASE_URL ${problem}`);
  }
}

/**
 * @param {string} url `mysql://user:password@host:port/database`; TLS and a socket as parameters
 * @returns {DatabaseAddress}
 */
export function parseDatabaseUrl(url) {
  if (/^\s|\s$|^["']|["']$/.test(url)) refuse("begins or ends with a blank or a quotation mark. Remove it");
  const [, jdbc, scheme = "", rest = ""] = /^(jdbc:)?([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(url) ?? [];
  if (/^(postgres(ql)?|cockroachdb|mongodb|sqlite|file|sqlserver|redis|oracle)\b/i.test(scheme))
    refuse(`must be for MySQL or MariaDB, not for ${scheme.toLowerCase()}. Write ${FORM}`);
  if (!SCHEME.test(scheme.toLowerCase()) || (jdbc && /[+2]/.test(scheme))) refuse(`must look like ${FORM}`);

  const [, authority = "", path = "", query = ""] = /^([^/?]*)([^?]*)\??(.*)$/s.exec(rest) ?? [];
  const isAmbiguous =
    rest.includes("#") || path.includes("@") || query.includes("@") || /[\s\p{Cc}]/u.test(authority + path);
  if (isAmbiguous) refuse(`has a character that must be encoded. ${ENCODINGS}`);

  const at = authority.lastIndexOf("@");
  const credentials = at === -1 ? "" : authority.slice(0, at);
  const colon = credentials.indexOf(":");
  const named = {
    user: decode(colon === -1 ? credentials : credentials.slice(0, colon)),
    password: colon === -1 ? "" : decode(credentials.slice(colon + 1)),
  };
  const parameters = readParameters(query);
  const { user = named.user, password = named.password } = takeCredentials(parameters, credentials !== "");
  const socketPath = take(parameters, ["socketpath", "socket", "unixsocket", "localsocket"]);
  const server = readServer(authority.slice(at + 1), socketPath);
  const ssl = readTls(parameters, server.host ?? "");
  const [unknown] = parameters.values();
  if (unknown !== undefined) {
    const name = /^[A-Za-z][\w-]{0,40}$/.test(unknown.name) ? ` ${unknown.name}` : "";
    refuse(`has an unknown parameter${name}. Known are ${KNOWN}; remove all others`);
  }
  return { ...server, ...(ssl === undefined ? {} : { ssl }), user, password, database: readDatabase(path) };
}

/** @param {string} problem  @returns {never} */
function refuse(problem) {
  throw new DatabaseUrlError(problem);
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(`has a % that encodes nothing. ${ENCODINGS}`);
  }
}

/** @typedef {Map<string, { name: string, value: string }>} Parameters by name in lower case, without - and _ */

/** @param {string} query  @returns {Parameters} */
function readParameters(query) {
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
function take(parameters, keys) {
  const key = keys.find((key) => parameters.has(key));
  if (key === undefined) return undefined;
  const value = parameters.get(key)?.value;
  parameters.delete(key);
  return value;
}

/** JDBC URLs carry user and password as parameters. @param {Parameters} parameters  @param {boolean} areGiven */
function takeCredentials(parameters, areGiven) {
  const user = take(parameters, ["user", "username"]);
  const password = take(parameters, ["password"]);
  if (areGiven && (user !== undefined || password !== undefined))
    refuse(`has user or password twice. Write them once, as in ${FORM}`);
  return { user, password };
}

/** @param {string} text  @param {string | undefined} socketPath  @returns {Pick<DatabaseAddress, "host" | "port" | "socketPath">} */
function readServer(text, socketPath) {
  const socket = socketPath ?? (/^%2f/i.test(text) ? decode(text) : undefined);
  if (socket !== undefined) {
    if (!socket.startsWith("/"))
      refuse("has a socketPath that is not an absolute path. Write socketPath=/path/to/mysqld.sock");
    return { socketPath: socket };
  }
  if (text.includes(",")) refuse(`names several servers. Name one, as in ${FORM}`);
  const [, bracketed, name, port = "3306"] =
    /^(?:\[([^\]]*)\]|([\w.-]*))(?::(\d+))?$/.exec(text) ??
    refuse(`has an invalid server or port. Write ${FORM}. ${ENCODINGS}`);
  if (bracketed !== undefined && isIP(bracketed) !== 6) refuse("has no IPv6 address between [ and ]");
  if (Number(port) < 1 || Number(port) > 65_535) refuse("has a port that is not between 1 and 65535");
  return { host: bracketed ?? (name || "localhost"), port: Number(port) };
}

/** @param {string} path */
function readDatabase(path) {
  const name = decode(path.replace(/^\/+|\/+$/g, ""));
  if (name === "") refuse(`names no database. Write ${FORM}`);
  if (/[/\\]/.test(name)) refuse(`has more than a database name after the server. Write ${FORM}`);
  return name;
}

/** @param {Parameters} parameters  @param {string} host  @returns {Tls | undefined} */
function readTls(parameters, host) {
  if (parameters.has("sslcert?"))
    refuse("has sslcert, which is ambiguous. Write ssl-ca for the CA certificate, ssl-cert for the client's own");
  const json = /^\s*\{/.test(parameters.get("ssl")?.value ?? "")
    ? readTlsObject(take(parameters, ["ssl"]) ?? "")
    : undefined;
  const modes = readModes(parameters);
  const ca = take(parameters, ["sslca", "sslrootcert", "serversslcert"]);
  const cert = take(parameters, ["sslcert"]);
  const key = take(parameters, ["sslkey"]);
  const hasFiles = ca !== undefined || cert !== undefined || key !== undefined;
  if (json !== undefined && (modes.size > 0 || hasFiles))
    refuse("has ssl as an object and other TLS parameters. Write one of them");
  if (json !== undefined) return json;
  if (modes.size > 1) refuse("has TLS parameters that contradict each other. Write ssl-mode alone");
  if (modes.size === 0 && !hasFiles) return undefined;

  const [mode = "authority"] = modes;
  if (mode === "off" && hasFiles) refuse("has TLS parameters that contradict each other. Write ssl-mode alone");
  if (mode === "off") return undefined;
  if ((cert === undefined) !== (key === undefined)) refuse("must have ssl-cert and ssl-key, or neither");
  // The driver would compare the certificate with "localhost".
  if (mode === "identity" && isIP(host) !== 0)
    refuse(
      "verifies the server's identity but names the server by IP address. Write its host name, or ssl-mode=VERIFY_CA",
    );
  return {
    // As MySQL's clients do: a CA that is given is verified, whatever the mode.
    rejectUnauthorized: mode !== "encrypted" || ca !== undefined,
    ...(mode === "identity" ? { verifyIdentity: true } : {}),
    ...(ca === undefined ? {} : { ca: readPem("ssl-ca", ca) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { cert: readPem("ssl-cert", cert), key: readPem("ssl-key", key) }),
  };
}

/** @param {Parameters} parameters */
function readModes(parameters) {
  /** @type {Set<string>} */
  const modes = new Set();
  for (const key of ["ssl", "sslmode"]) {
    const value = take(parameters, [key])?.toLowerCase().replace(/[-_]/g, "");
    if (value === undefined) continue;
    if (key === "ssl" && YES.includes(value)) modes.add("authority");
    else modes.add(MODES[/** @type {keyof typeof MODES} */ (value)] ?? refuseMode());
  }
  const verifies = readFlag(parameters, "verifyservercertificate");
  const trusts = readFlag(parameters, "trustservercertificate");
  const uses = [readFlag(parameters, "usessl"), readFlag(parameters, "requiressl")].filter(
    (flag) => flag !== undefined,
  );
  for (const flag of uses) modes.add(!flag ? "off" : verifies || trusts === false ? "authority" : "encrypted");
  if (uses.length === 0 && (verifies || trusts === false)) modes.add("authority");
  if (uses.length === 0 && trusts) modes.add("encrypted");

  const tls = take(parameters, ["tls"])?.toLowerCase();
  if (tls === "skip-verify") modes.add("encrypted");
  else if (tls !== undefined) modes.add(YES.includes(tls) ? "identity" : NO.includes(tls) ? "off" : refuseMode());

  const accept = take(parameters, ["sslaccept"])?.toLowerCase();
  if (accept === "strict") modes.add("identity");
  else if (accept !== undefined) modes.add(accept === "accept_invalid_certs" ? "encrypted" : refuseMode());
  return modes;
}

/** @returns {never} */
function refuseMode() {
  return refuse(
    "has a TLS setting that is unknown or allows unencrypted connections. Write ssl-mode=DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY",
  );
}

/** @param {Parameters} parameters  @param {string} key */
function readFlag(parameters, key) {
  const value = take(parameters, [key])?.toLowerCase();
  if (value === undefined) return undefined;
  return YES.includes(value) ? true : NO.includes(value) ? false : refuseMode();
}

/** @param {string} name  @param {string} file */
function readPem(name, file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    return refuse(
      `names a file in ${name} that cannot be read (${/** @type {NodeJS.ErrnoException} */ (error).code}): ${file}`,
    );
  }
}

/** Validated here: the driver accepts any value. @param {string} text  @returns {Tls} */
function readTlsObject(text) {
  /** @type {unknown} */
  let options;
  try {
    options = JSON.parse(text);
  } catch {
    refuse(
      'has an ssl that is not a JSON object. Write ssl=true, ssl-mode=VERIFY_IDENTITY or ssl={"rejectUnauthorized":true}',
    );
  }
  const isText = (/** @type {unknown} */ value) => typeof value === "string";
  const isVersion = (/** @type {unknown} */ value) => value === "TLSv1.2" || value === "TLSv1.3";
  const isFlag = (/** @type {unknown} */ value) => typeof value === "boolean";
  /** @type {Record<string, (value: unknown) => boolean>} */
  const allowed = {
    rejectUnauthorized: isFlag,
    verifyIdentity: isFlag,
    ca: (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
    cert: isText,
    key: isText,
    passphrase: isText,
    ciphers: isText,
    minVersion: isVersion,
    maxVersion: isVersion,
  };
  const isGood = Object.entries(options ?? {}).every(
    ([name, value]) => Object.hasOwn(allowed, name) && allowed[name]?.(value),
  );
  if (!isGood)
    refuse(
      `has an ssl object with unknown options. Write only ${Object.keys(allowed).join(", ")}, with the types of tls.connect()`,
    );
  return /** @type {Tls} */ (options);
}
