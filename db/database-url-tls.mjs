import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { refuse, take } from "./database-url-parameters.mjs";

/** @typedef {import("./database-url-parameters.mjs").Parameters} Parameters */

/**
 * Options of tls.connect() that DATABASE_URL may set.
 * @typedef {{ rejectUnauthorized?: boolean, verifyIdentity?: boolean, ca?: string | string[], cert?: string, key?: string,
 *   passphrase?: string, ciphers?: string, minVersion?: "TLSv1.2" | "TLSv1.3", maxVersion?: "TLSv1.2" | "TLSv1.3" }} Tls
 */

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

/** @param {Parameters} parameters  @param {string[]} hosts  @returns {Tls | undefined} */
export function readTls(parameters, hosts) {
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
  if (mode === "identity" && hosts.some((host) => isIP(host) !== 0))
    refuse(
      "verifies the server's identity but names a server by IP address. Write its host name, or ssl-mode=VERIFY_CA",
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
