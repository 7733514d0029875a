/** In code points of the normalised password, so that an emoji counts once. */
export const PASSWORD_MAX_LENGTH = 128;

/** In UTF-16 units as sent. At most four code points normalise to one code point, so no valid password is rejected. */
export const PASSWORD_MAX_SENT_LENGTH = 2 * 4 * PASSWORD_MAX_LENGTH;

export type PasswordScore = 0 | 1 | 2 | 3 | 4;

/**
 * Estimated guesses at which the score rises. From the third step on, ten times the estimator's own thresholds: it rates any
 * three words at 100 million guesses, even "Passw0rd.Passw0rd", and ten random characters at 10 billion.
 */
const SCORE_STEPS = [1e3, 1e6, 1e9, 1e11];

export const PASSWORD_SCORE_NEEDED = 3;

/**
 * Bounds of the estimator's work, which grows with both. A search for the slowest password of 128 characters found 235 ms
 * without them and 15 ms with them. Only the first 48 characters can make a password strong.
 */
export const PASSWORD_ESTIMATE_LIMITS = { maxLength: 48, l33tMaxSubstitutions: 20 } as const;

export type PasswordForm = { kind: "good" } | { kind: "bad"; reason: "malformed" | "short" | "long" };

/** Keyboards may encode the same text differently, so the normalised form is compared (NIST SP 800-63B-4, 3.1.1.2). */
export function normalizePassword(password: string): string {
  return password.normalize("NFKC");
}

export const SAME_PASSWORD_MESSAGE = "The new password must be different from the current one.";

/** Whether two inputs normalise to the same password. */
export function isSamePassword(one: string, other: string): boolean {
  return normalizePassword(one) === normalizePassword(other);
}

/** Judges encoding and length, not strength. Any composition is allowed. */
export function judgePasswordForm(password: string, minLength: number): PasswordForm {
  // Argon2 hashes UTF-8, in which every lone surrogate becomes the same replacement character.
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

/** Words that an attacker who knows the app tries first. Add your product's and your company's names. */
export const PRODUCT_WORDS = ["portcullis"] as const;

/** Words known from the context, which add no strength to a password. */
export function contextWords(person: { email: string; fullName: string }): string[] {
  return [...PRODUCT_WORDS, ...personalWords(person)];
}

/** Words that an attacker who knows the user tries first: name and email, whole and in parts. */
export function personalWords(person: { email: string; fullName: string }): string[] {
  const email = normalizePassword(person.email).trim().toLowerCase();
  const fullName = normalizePassword(person.fullName).trim().toLowerCase();
  const localPart = email.slice(0, Math.max(email.lastIndexOf("@"), 0));
  const words = [email, fullName].flatMap((text) => text.split(/[^\p{L}\p{M}\p{N}]+/u));
  const joined = [fullName, localPart].map((text) => text.replace(/[^\p{L}\p{M}\p{N}]+/gu, ""));
  // Words of one or two letters occur in strong passwords too.
  return [...new Set([email, localPart, fullName, ...joined, ...words])].filter((word) => [...word].length > 2);
}
