import "server-only";
import { parseOptions, type ParsedHashOptions } from "@node-rs/argon2";
import { hashLimiter } from "@/server/runtime/concurrency-limiter";
import { hashWorkerPool } from "./hash-worker-pool";
import { normalizePassword } from "@/server/auth/policy/password-rules";

/** OWASP's first choice for argon2id: 19 MiB, two passes. A change reaches each account at its next login. */
const PARAMETERS = {
  algorithm: 2,
  version: 1,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
  outputLen: 32,
} as const;
const SALT_BYTES = 16;

/** Above this a stored hash is not ours: checking it would let whoever wrote it choose our memory and time. */
const MAX_COST = { memoryCost: 8 * PARAMETERS.memoryCost, timeCost: 10, parallelism: 4 };

const CURRENT_COST = `m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}`;

/**
 * Costs that stored hashes were met with in this process, today's first. Every check pays each of them once, whoever it is for:
 * an account whose hash is older, and so cheaper or dearer, would be told from an email that nobody has.
 */
const knownCosts = new Set([CURRENT_COST]);
const MAX_KNOWN_COSTS = 4;

/** Throws UNAVAILABLE when too many hashes are asked for at once. */
export async function hashPassword(password: string): Promise<string> {
  if (!password.isWellFormed()) throw new TypeError("A password with lone surrogates has no hash of its own");
  return hashLimiter().run(() => hashWorkerPool().hash(normalizePassword(password), PARAMETERS));
}

/**
 * Whether the password is the one that was hashed. Without a hash, or with one that is not ours, the answer is no and takes
 * as long. Throws UNAVAILABLE when too many hashes are asked for at once.
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

/** A hash that no password has: its salt and digest are all zero, only the parameters before them cost time. */
function decoyHash(cost: string): string {
  return ["$argon2id$v=19", cost, unpaddedBase64(SALT_BYTES), unpaddedBase64(PARAMETERS.outputLen)].join("$");
}

/** The parameters as they stand in a hash: `m=19456,t=2,p=1`. */
function costOf(storedHash: string): string {
  const used = parametersOf(storedHash);
  return used === undefined ? CURRENT_COST : `m=${used.memoryCost},t=${used.timeCost},p=${used.parallelism}`;
}

/** True for hashes made with other parameters than today's. The password is needed to make a new one: ask after a match. */
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
