import "server-only";
import type { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { env } from "@/server/runtime/env";
import {
  judgePasswordForm,
  normalizePassword,
  PASSWORD_ESTIMATE_LIMITS,
  PASSWORD_MAX_LENGTH,
  PASSWORD_SCORE_NEEDED,
  contextWords,
  scorePassword,
  type PasswordForm,
} from "@/server/auth/policy/password-rules";
import { Refusal } from "@/server/auth/policy/refusals";

export interface PasswordContext {
  /** In code points. */
  minLength: number;
  email: string;
  fullName: string;
}

export type PasswordVerdict = PasswordForm | { kind: "bad"; reason: "common" | "guessable" };

/** Whether a user may choose this password. A call takes at most 15 ms; the first one also loads the dictionaries. */
export async function judgePassword(password: string, context: PasswordContext): Promise<PasswordVerdict> {
  const form = judgePasswordForm(password, context.minLength);
  if (form.kind === "bad") return form;

  const { commonPasswords, estimator } = await dictionaries();
  const normalized = normalizePassword(password);
  if (commonPasswords.has(normalized.toLowerCase())) return { kind: "bad", reason: "common" };
  const { guesses } = estimator.check(normalized, contextWords(context));
  return scorePassword(guesses) < PASSWORD_SCORE_NEEDED ? { kind: "bad", reason: "guessable" } : { kind: "good" };
}

/** Throws WEAK_PASSWORD, with the reason at the named field, for a password that is not allowed. */
export async function refuseWeakPassword(
  field: string,
  password: string,
  person: { email: string; fullName: string },
): Promise<void> {
  const minLength = env().PASSWORD_MIN_LENGTH;
  const verdict = await judgePassword(password, { minLength, email: person.email, fullName: person.fullName });
  if (verdict.kind === "good") return;
  const words = {
    malformed: "That contains a broken character.",
    short: `Use at least ${minLength} characters.`,
    long: `Use at most ${PASSWORD_MAX_LENGTH} characters.`,
    common: "Many people use this password. Choose another one.",
    guessable: "That is too easy to guess. Another unrelated word or two makes it strong.",
  };
  throw new Refusal("WEAK_PASSWORD", { fields: { [field]: words[verdict.reason] } });
}

interface Dictionaries {
  commonPasswords: ReadonlySet<string>;
  estimator: ZxcvbnFactory;
}

let loading: Promise<Dictionaries> | undefined;

/** A hundred thousand words, loaded on first use: most requests do not need them. */
function dictionaries(): Promise<Dictionaries> {
  return (loading ??= loadDictionaries());
}

async function loadDictionaries(): Promise<Dictionaries> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }, { default: leaked }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
    // Too large for a browser, whose meter may therefore rate one of these as strong.
    import("./leaked-passwords.json"),
  ]);
  return {
    commonPasswords: new Set([...dictionary["passwords-common"], ...leaked.passwords.split("\n")]),
    estimator: new ZxcvbnFactory({ ...PASSWORD_ESTIMATE_LIMITS, dictionary, graphs: adjacencyGraphs }),
  };
}
