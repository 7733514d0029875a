import type { ZxcvbnFactory } from "@zxcvbn-ts/core";
import {
  normalizePassword,
  PASSWORD_ESTIMATE_LIMITS,
  contextWords,
  scorePassword,
  type PasswordScore,
} from "@/server/auth/policy/password-rules";

interface Dictionaries {
  commonPasswords: ReadonlySet<string>;
  estimator: ZxcvbnFactory;
}

let loading: Promise<Dictionaries> | undefined;

/**
 * The strength of a password from 0 to 4, by the same dictionaries and limits as the server, which decides. Loads them on the first
 * call (237 kB compressed); rejects if loading fails, and the next call tries again.
 */
export async function estimateStrength(
  password: string,
  person: { email: string; fullName: string },
): Promise<PasswordScore> {
  const { commonPasswords, estimator } = await dictionaries();
  const normalized = normalizePassword(password);
  if (commonPasswords.has(normalized.toLowerCase())) return 0;
  return scorePassword(estimator.check(normalized, contextWords(person)).guesses);
}

function dictionaries(): Promise<Dictionaries> {
  loading ??= loadDictionaries().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function loadDictionaries(): Promise<Dictionaries> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  return {
    commonPasswords: new Set(dictionary["passwords-common"]),
    estimator: new ZxcvbnFactory({ ...PASSWORD_ESTIMATE_LIMITS, dictionary, graphs: adjacencyGraphs }),
  };
}
