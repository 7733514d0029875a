import { problem, warning, type Finding } from "@/ops/doctor/finding";

export const SECRETS = [
  "SESSION_SECRET",
  "JWT_ACCESS_SECRET",
  "ENCRYPTION_SECRET",
  "SESSION_SECRET_PREVIOUS",
  "JWT_ACCESS_SECRET_PREVIOUS",
  "ENCRYPTION_SECRET_PREVIOUS",
] as const;

/** Prefix of the secrets in .env.example. */
const SAMPLE = "example-only";
/** 10^28 guesses are 93 bits: far above human-chosen secrets, and far below 32 random hexadecimal digits. */
const GUESSES_NEEDED = 28;
/** A random secret contains one of these words with a probability of about one in a million. */
const WORDS = /secret|password|passphrase|session|token|change.?me|production|portcullis|example/i;
/** The remedy for previous secrets too: tokens signed with them are still accepted. */
const REPLACE = "Set it to the output of: openssl rand -base64 48. All users have to sign in again";
/** Signs nothing, so a change signs out no user; but what it encrypted is lost without the old one. */
const REPLACE_ENCRYPTION =
  "Set ENCRYPTION_SECRET_PREVIOUS to the old value and ENCRYPTION_SECRET to the output of: openssl rand -base64 48. No user is signed out; without ENCRYPTION_SECRET_PREVIOUS all authenticator apps stop working";
const REMOVE = "Remove it REFRESH_TOKEN_SECONDS after the change, or immediately if the old secret was leaked";
const REMOVE_ENCRYPTION =
  "Remove it once the doctor counts no authenticator apps that need it; those that still do stop working then";

/** Checks the strength of secrets; the schema checks only their length. Findings never contain a secret. */
export function judgeSecrets(
  source: Record<string, string | undefined>,
  guesses: Record<string, number>,
  isPublic: boolean,
): Finding[] {
  return SECRETS.flatMap((name) => {
    const value = source[name];
    if (!value) return [];
    const id = name.toLowerCase().replaceAll("_", "-");
    const encrypts = name.startsWith("ENCRYPTION_SECRET");
    const replace = encrypts ? REPLACE_ENCRYPTION : REPLACE;
    const attack = encrypts ? "a copy of the database" : "one token";
    if (value.startsWith(SAMPLE)) {
      const judge = isPublic ? problem : warning;
      return [judge(`variable-${id}`, `${name} is the sample of .env.example, which is public.`, replace)];
    }
    const findings: Finding[] = [];
    if (WORDS.test(value) || (guesses[name] ?? Infinity) < GUESSES_NEEDED)
      findings.push(
        problem(`weak-${id}`, `${name} is weak: an attacker with ${attack} can guess the secret offline.`, replace),
      );
    if (name.endsWith("_PREVIOUS"))
      findings.push(
        warning(
          `left-${id}`,
          encrypts
            ? `${name} is set: what the old secret encrypted can still be read.`
            : `${name} is set: tokens signed with the old secret are still accepted.`,
          encrypts ? REMOVE_ENCRYPTION : REMOVE,
        ),
      );
    return findings;
  });
}
