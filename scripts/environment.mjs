import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ROOT } from "./paths.mjs";

export const REQUIRED = ["DATABASE_URL", "APP_ORIGIN", "SESSION_SECRET", "JWT_ACCESS_SECRET"];
/** How the secrets of .env.example begin. Whoever copied the file did not mean to share them with everybody. */
const SAMPLE = "example-only";
const SAMPLE_ORIGIN = "http://localhost:3000";
const SECRETS = ["SESSION_SECRET", "JWT_ACCESS_SECRET"];

/** @typedef {Record<string, string | undefined>} Environment */

/**
 * What is said explicitly beats .env.local, which beats .env. A production does not read .env.local: what is in there
 * was made for this machine, and a variable that a deployment forgot must be missed, not found by luck.
 * @param {Environment} explicit  @param {string} [folder]  @returns {Environment}
 */
export function readEnvironment(explicit = process.env, folder = ROOT) {
  return Object.assign({}, ...readSources(explicit, folder));
}

/**
 * The places where variables are set, a later one beats an earlier one.
 * @param {Environment} [explicit]  @param {string} [folder]  @returns {Environment[]}
 */
export function readSources(explicit = process.env, folder = ROOT) {
  const local = isProduction(explicit) ? {} : readFile(join(folder, ".env.local"));
  // A sample that was passed on must not hide the secret that was made in its place.
  const isHidden = (/** @type {string} */ name) => SECRETS.includes(name) && local[name] && isSample(explicit[name]);
  const given = Object.entries(withoutEmpty(explicit)).filter(([name]) => !isHidden(name));
  return [readFile(join(folder, ".env")), local, Object.fromEntries(given)];
}

/**
 * Brings APP_ORIGIN and PORT together where the app is opened without a proxy: forms that are opened at another address are
 * refused. Of two that differ, the one that was set closer to the command counts, and so does any against the sample.
 * @param {Environment[]} sources from readSources()
 * @returns {{ origin?: string, port?: string, notice?: string, problem?: string }} what to use instead, and what to tell about it
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
      problem: `HOST is ${host}, and nothing would answer at ${origin}, where people open the app. Leave HOST out, or set it to 0.0.0.0 or ::.`,
    };
  if (originPort === port) return {};

  const rankOf = (/** @type {string} */ name) => sources.findLastIndex((source) => source[name] !== undefined);
  const contradiction = `APP_ORIGIN is ${origin}, but the app listens on port ${port}`;
  const followed = `http://${url.hostname}:${port}`;
  if (!isProduction(merged)) {
    const isSampleOrigin = origin.replace(/\/$/, "") === SAMPLE_ORIGIN && rankOf("APP_ORIGIN") < sources.length - 1;
    if (rankOf("PORT") > rankOf("APP_ORIGIN") || (isSampleOrigin && rankOf("PORT") === rankOf("APP_ORIGIN")))
      return { origin: followed, notice: `${contradiction}: ${followed} is used instead` };
    if (rankOf("APP_ORIGIN") > rankOf("PORT"))
      return { port: originPort, notice: `APP_ORIGIN is ${origin}: the app listens on port ${originPort}` };
  }
  return {
    problem: `${contradiction}. Its forms would be refused at every address. Set APP_ORIGIN=${followed}, or PORT=${originPort}, or, if a proxy of yours listens on port ${originPort}, TRUSTED_PROXY_HOPS=1.`,
  };
}

/** @param {string} host as in HOST  @param {string} hostname of a loopback origin */
function isReachableAt(host, hostname) {
  const address = hostname.replace(/^\[|\]$/g, "");
  // What is no address is refused with the other variables.
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
 * Makes the secrets that are not set anywhere and keeps them in .env.local, readable by their owner only.
 * @param {Environment} environment  @param {string} [folder]
 * @returns {Record<string, string>} those that were made
 */
export function makeLocalSecrets(environment, folder = ROOT) {
  const file = join(folder, ".env.local");
  // Another start may have made them since `environment` was read. Read once: what is written below replaces this text.
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
    const heading = "# Made by npm start for this machine alone. Not for a deployment, not for git.\n";
    writeFileSync(fresh, heading + lines.join(""), { mode: 0o600 });
    // Of two that make the file at one instant one fails here, and uses what the other has made.
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

/** An empty variable counts as not set: shells and compose files write it so. @param {Environment} environment */
function withoutEmpty(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""));
}
