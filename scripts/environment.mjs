import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { ROOT } from "./paths.mjs";

export const REQUIRED = ["DATABASE_URL", "APP_ORIGIN", "SESSION_SECRET", "JWT_ACCESS_SECRET"];
/** How the secrets of .env.example begin. Whoever copied the file did not mean to share them with everybody. */
const SAMPLE = "example-only";
const SECRETS = ["SESSION_SECRET", "JWT_ACCESS_SECRET"];

/** @typedef {Record<string, string | undefined>} Environment */

/**
 * What is said explicitly beats .env.local, which beats .env. A production does not read .env.local: what is in there
 * was made for this machine, and a variable that a deployment forgot must be missed, not found by luck.
 * @param {Environment} explicit  @param {string} [folder]  @returns {Environment}
 */
export function readEnvironment(explicit = process.env, folder = ROOT) {
  const local = isProduction(explicit) ? {} : readFile(join(folder, ".env.local"));
  return { ...readFile(join(folder, ".env")), ...local, ...withoutEmpty(explicit) };
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
  const missing = SECRETS.filter((name) => !environment[name] || environment[name].startsWith(SAMPLE));
  if (missing.length === 0) return {};
  const made = Object.fromEntries(missing.map((name) => [name, randomBytes(32).toString("base64url")]));
  const file = join(folder, ".env.local");
  const heading = existsSync(file)
    ? "\n"
    : "# Made by npm start for this machine alone. Not for a deployment, not for git.\n";
  const lines = Object.entries(made).map(([name, value]) => `${name}=${value}\n`);
  appendFileSync(file, heading + lines.join(""), { mode: 0o600 });
  chmodSync(file, 0o600);
  return made;
}

/** @param {string} file  @returns {Environment} */
function readFile(file) {
  return existsSync(file) ? withoutEmpty(parseEnv(readFileSync(file, "utf8"))) : {};
}

/** An empty variable counts as not set: shells and compose files write it so. @param {Environment} environment */
function withoutEmpty(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""));
}
