import "server-only";
import { parseOptions, type ParsedHashOptions } from "@node-rs/argon2";
import { hashLimiter } from "@/server/runtime/concurrency-limiter";
import { hashWorkerPool } from "./hash-worker-pool";
import { normalizePassword } from "@/server/auth/policy/password-rules";

/** OWASP's recommendation for argon2id: 19 MiB, two passes. After a change each account is rehashed at its next login. */
const PARAMETERS = {
  algorithm: 2,
  version: 1,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
  outputLen: 32,
} as const;
const SALT_BYTES = 16;

/** A stored hash above this is rejected: its author would choose how much memory and time a check costs. */
const MAX_COST = { memoryCost: 8 * PARAMETERS.memoryCost, timeCost: 10, parallelism: 4 };

const CURRENT_COST = `m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}`;

/**
 * The costs of stored hashes that this process has verified, the current one first. Every check computes one hash of each: otherwise
 * the response time would distinguish an account with an outdated hash from an unknown email.
 */
const knownCosts = new Set([CURRENT_COST]);
const MAX_KNOWN_COSTS = 4;

/** Throws UNAVAILABLE if too many hashes are requested concurrently. */
export async function hashPassword(password: string): Promise<string> {
  if (!password.isWellFormed()) throw new TypeError("A password with lone surrogates cannot be hashed unambiguously.");
  return hashLimiter().run(() => hashWorkerPool().hash(normalizePassword(password), PARAMETERS));
}

/**
 * Whether the password matches the hash. False, after the same work, without a hash or with an invalid one. Throws UNAVAILABLE if too
 * many hashes are requested concurrently.
 */
export async function passwordMatches(storedHash: string | undefined, password: string): Promise<boolean> {
  const isCheckable = storedHash !== undefined && isVerifiable(storedHash) && password.isWellFormed();
  const cost = isCheckable ? costOf(storedHash) : CURRENT_COST;
  if (knownCosts.size < MAX_KNOWN_COSTS) knownCosts.add(cost);
  const costs = new Set([...knownCosts, cost]);
  const normalized = normalizePassword(password);
  return hashLimiter().run(async () => {
    let matches = false;
    for (const each of costs) {
      const isReal = isCheckable && each === cost;
      const isMatch = await hashWorkerPool().verify(isReal ? storedHash : decoyHash(each), normalized);
      matches ||= isReal && isMatch;
    }
    return matches;
  });
}

/** A hash that no password matches: salt and digest are zero, and only its parameters determine the work. */
function decoyHash(cost: string): string {
  return ["$argon2id$v=19", cost, unpaddedBase64(SALT_BYTES), unpaddedBase64(PARAMETERS.outputLen)].join("$");
}

/** The parameters as encoded in a hash: `m=19456,t=2,p=1`. */
function costOf(storedHash: string): string {
  const used = parametersOf(storedHash);
  return used === undefined ? CURRENT_COST : `m=${used.memoryCost},t=${used.timeCost},p=${used.parallelism}`;
}

/** True if the hash has outdated parameters. A rehash needs the password, so call it after a match. */
export function needsRehash(storedHash: string): boolean {
  const used = parametersOf(storedHash);
  if (used === undefined || used.saltLen !== SALT_BYTES) return true;
  return Object.entries(PARAMETERS).some(([name, value]) => used[name as keyof typeof PARAMETERS] !== value);
}

function isVerifiable(storedHash: string): boolean {
  const used = parametersOf(storedHash);
  if (used === undefined || used.algorithm !== PARAMETERS.algorithm) return false;
  return (
    used.memoryCost <= MAX_COST.memoryCost &&
    used.timeCost <= MAX_COST.timeCost &&
    used.parallelism <= MAX_COST.parallelism
  );
}

function parametersOf(storedHash: string): ParsedHashOptions | undefined {
  try {
    return parseOptions(storedHash);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "InvalidArg") return undefined;
    throw error;
  }
}

function unpaddedBase64(bytes: number): string {
  return Buffer.alloc(bytes).toString("base64").replaceAll("=", "");
}
