import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ROOT } from "./paths.mjs";

export const REQUIRED = ["DATABASE_URL", "APP_ORIGIN", "SESSION_SECRET", "JWT_ACCESS_SECRET", "ENCRYPTION_SECRET"];
/** Prefix of the sample secrets in .env.example, which are public and must not be used. */
const SAMPLE = "example-only";
const SAMPLE_ORIGIN = "http://localhost:3000";
const SECRETS = ["SESSION_SECRET", "JWT_ACCESS_SECRET", "ENCRYPTION_SECRET"];

/** @typedef {Record<string, string | undefined>} Environment */

/**
 * Precedence: explicit variables, then .env.local, then .env. Production does not read .env.local: it is generated for one
 * machine, and a variable that a deployment lacks must be reported as missing.
 * @param {Environment} explicit  @param {string} [folder]  @returns {Environment}
 */
export function readEnvironment(explicit = process.env, folder = ROOT) {
  return Object.assign({}, ...readSources(explicit, folder));
}

/**
 * The sources of variables in order of precedence, lowest first.
 * @param {Environment} [explicit]  @param {string} [folder]  @returns {Environment[]}
 */
export function readSources(explicit = process.env, folder = ROOT) {
  const local = isProduction(explicit) ? {} : readFile(join(folder, ".env.local"));
  // A sample secret in the environment must not override the generated one.
  const isHidden = (/** @type {string} */ name) => SECRETS.includes(name) && local[name] && isSample(explicit[name]);
  const given = Object.entries(withoutEmpty(explicit)).filter(([name]) => !isHidden(name));
  return [readFile(join(folder, ".env")), local, Object.fromEntries(given)];
}

/**
 * Reconciles APP_ORIGIN with PORT where no proxy is in front: the app refuses forms from any other origin. If they differ,
 * the source of higher precedence wins, and any value wins over the sample.
 * @param {Environment[]} sources from readSources()
 * @returns {{ origin?: string, port?: string, notice?: string, problem?: string }} values to use instead, and the message about them
 */
export function reconcileAddress(sources) {
  /** @type {Environment} */
  const merged = Object.assign({}, ...sources);
  const { PORT: port = "3000", HOST: host = "" } = merged;
  const origin = merged.APP_ORIGIN ?? `http://localhost:${port}`;
  if (!URL.canParse(origin)) return {};
  const url = new URL(origin);
  const isLocal = url.protocol === "http:" && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const originPort = url.port || "80";
  if (!isLocal || !/^0?$/.test(merged.TRUSTED_PROXY_HOPS ?? "")) return {};
  if (!isReachableAt(host, url.hostname))
    return {
      problem: `HOST is ${host}, so the app cannot be reached at APP_ORIGIN ${origin}. Remove HOST, or set it to 0.0.0.0 or ::.`,
    };
  if (originPort === port) return {};

  const rankOf = (/** @type {string} */ name) => sources.findLastIndex((source) => source[name] !== undefined);
  const contradiction = `APP_ORIGIN is ${origin}, but the app listens on port ${port}`;
  const derived = `http://${url.hostname}:${port}`;
  if (!isProduction(merged)) {
    const isSampleOrigin = origin.replace(/\/$/, "") === SAMPLE_ORIGIN && rankOf("APP_ORIGIN") < sources.length - 1;
    if (rankOf("PORT") > rankOf("APP_ORIGIN") || (isSampleOrigin && rankOf("PORT") === rankOf("APP_ORIGIN")))
      return { origin: derived, notice: `${contradiction}: ${derived} is used instead` };
    if (rankOf("APP_ORIGIN") > rankOf("PORT"))
      return { port: originPort, notice: `APP_ORIGIN is ${origin}: the app listens on port ${originPort}` };
  }
  return {
    problem: `${contradiction}. The app would refuse its own forms. Set APP_ORIGIN=${derived}, or PORT=${originPort}, or, if a reverse proxy listens on port ${originPort}, TRUSTED_PROXY_HOPS=1.`,
  };
}

/** Whether an app that listens on `host` can be reached at `hostname`. @param {string} host as in HOST  @param {string} hostname of a loopback origin */
function isReachableAt(host, hostname) {
  const address = hostname.replace(/^\[|\]$/g, "");
  // An invalid address is reported by the validation of all variables.
  if (["", "0.0.0.0", "::"].includes(host) || (isIP(host) === 0 && host !== "localhost")) return true;
  if (host === "localhost") return ["localhost", "127.0.0.1", "::1"].includes(address);
  return address === host || (address === "localhost" && ["127.0.0.1", "::1"].includes(host));
}

/** @param {Environment} environment */
export function isProduction(environment) {
  return environment.NODE_ENV === "production";
}

/** @param {Environment} environment */
export function missingVariables(environment) {
  return REQUIRED.filter((name) => !environment[name]);
}

/**
 * Generates the secrets that are not set and stores them in .env.local, readable by the owner only.
 * @param {Environment} environment  @param {string} [folder]
 * @returns {Record<string, string>} the generated secrets
 */
export function makeLocalSecrets(environment, folder = ROOT) {
  const file = join(folder, ".env.local");
  // A concurrent start may have written them since `environment` was read. Read once: the text below replaces the file.
  const text = existsSync(file) ? readFileSync(file, "utf8") : null;
  const known = { ...withoutEmpty(parseEnv(text ?? "")), ...withoutSamples(environment) };
  const missing = SECRETS.filter((name) => !known[name] || isSample(known[name]));
  if (missing.length === 0) return {};
  const made = Object.fromEntries(missing.map((name) => [name, randomBytes(32).toString("base64url")]));
  const lines = Object.entries(made).map(([name, value]) => `${name}=${value}\n`);
  const fresh = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    if (text !== null) {
      writeFileSync(fresh, `${text}\n${lines.join("")}`, { mode: 0o600 });
      renameSync(fresh, file);
      return made;
    }
    const heading = "# Generated by npm start for this machine. Do not deploy or commit this file.\n";
    writeFileSync(fresh, heading + lines.join(""), { mode: 0o600 });
    // link(2) is atomic: of two concurrent starts one fails with EEXIST and uses the other's secrets.
    linkSync(fresh, file);
    return made;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    return makeLocalSecrets(environment, folder);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** @param {Environment} environment */
function withoutSamples(environment) {
  return withoutEmpty(Object.fromEntries(Object.entries(environment).filter(([, value]) => !isSample(value))));
}

/** @param {string | undefined} value */
function isSample(value) {
  return value?.startsWith(SAMPLE) ?? false;
}

/** @param {string} file  @returns {Environment} */
function readFile(file) {
  return existsSync(file) ? withoutEmpty(parseEnv(readFileSync(file, "utf8"))) : {};
}

/** An empty variable counts as unset: shells and compose files pass unset variables that way. @param {Environment} environment */
function withoutEmpty(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""));
}
