/** In code points of the normalised password, so that an emoji counts once. */
export const PASSWORD_MAX_LENGTH = 128;

/** In UTF-16 units as sent. Four of them at most become one code point when normalised, so no legal password is cut off. */
export const PASSWORD_MAX_SENT_LENGTH = 2 * 4 * PASSWORD_MAX_LENGTH;

export type PasswordScore = 0 | 1 | 2 | 3 | 4;

/**
 * Guesses that a password withstands, at which its score rises. Ten times the estimator's own steps from the third on:
 * it takes any three pieces for 100 million guesses, "Passw0rd.Passw0rd" too, and ten random characters for 10 billion.
 */
const SCORE_STEPS = [1e3, 1e6, 1e9, 1e11];

export const PASSWORD_SCORE_NEEDED = 3;

/**
 * Bounds of the estimator's work, which grows with both. A search for the slowest password of 128 characters found 235 ms
 * without them and 15 ms with them. Only the first 48 characters can make a password strong.
 */
export const PASSWORD_ESTIMATE_LIMITS = { maxLength: 48, l33tMaxSubstitutions: 20 } as const;

export type PasswordForm = { kind: "good" } | { kind: "bad"; reason: "malformed" | "short" | "long" };

/** Two keyboards may spell one text differently; what they mean is compared (NIST SP 800-63B-4, 3.1.1.2). */
export function normalizePassword(password: string): string {
  return password.normalize("NFKC");
}

export const SAME_PASSWORD_MESSAGE = "The new password must be different from the current one.";

/** Whether two spellings are one password. */
export function isSamePassword(one: string, other: string): boolean {
  return normalizePassword(one) === normalizePassword(other);
}

/** Judges what a password is made of, not how hard it is to guess. Any composition is allowed. */
export function judgePasswordForm(password: string, minLength: number): PasswordForm {
  // Argon2 is given UTF-8, in which all lone surrogates are one and the same replacement character.
  if (!password.isWellFormed()) return { kind: "bad", reason: "malformed" };
  if (password.length > PASSWORD_MAX_SENT_LENGTH) return { kind: "bad", reason: "long" };
  const length = [...normalizePassword(password)].length;
  if (length < minLength) return { kind: "bad", reason: "short" };
  if (length > PASSWORD_MAX_LENGTH) return { kind: "bad", reason: "long" };
  return { kind: "good" };
}

export function scorePassword(guesses: number): PasswordScore {
  return SCORE_STEPS.filter((step) => guesses >= step).length as PasswordScore;
}

/** What someone who knows the app tries first. Put your product's and your company's names here. */
export const PRODUCT_WORDS = ["portcullis"] as const;

/** What is no secret where this password is used, and makes one no stronger. */
export function contextWords(person: { email: string; fullName: string }): string[] {
  return [...PRODUCT_WORDS, ...personalWords(person)];
}

/** What someone who knows the person tries first: the name and the email, whole and in pieces. */
export function personalWords(person: { email: string; fullName: string }): string[] {
  const email = normalizePassword(person.email).trim().toLowerCase();
  const fullName = normalizePassword(person.fullName).trim().toLowerCase();
  const localPart = email.slice(0, Math.max(email.lastIndexOf("@"), 0));
  const words = [email, fullName].flatMap((text) => text.split(/[^\p{L}\p{M}\p{N}]+/u));
  const joined = [fullName, localPart].map((text) => text.replace(/[^\p{L}\p{M}\p{N}]+/gu, ""));
  // Words of one or two letters are found in every good password as well.
  return [...new Set([email, localPart, fullName, ...joined, ...words])].filter((word) => [...word].length > 2);
}
