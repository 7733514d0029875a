import { problem, warning, type Finding } from "@/ops/doctor/finding";

export const SECRETS = [
  "SESSION_SECRET",
  "JWT_ACCESS_SECRET",
  "SESSION_SECRET_PREVIOUS",
  "JWT_ACCESS_SECRET_PREVIOUS",
] as const;

/** How the secrets of .env.example begin. */
const SAMPLE = "example-only";
/** 10^28 guesses are 93 bits. What words and habits make up stays far below, and 32 hexadecimal digits far above. */
const GUESSES_NEEDED = 28;
/** No random text of this length holds one of these by chance: one in a million does. */
const WORDS = /secret|password|passphrase|session|token|change.?me|production|portcullis|example/i;
/** A secret that strangers may know is as bad as the previous one as it is as the current one. */
const REPLACE = "Set it to the output of: openssl rand -base64 48. Everybody signs in once more, strangers do not";

/** What the schema, which sees lengths only, cannot say. Never repeats a secret. */
export function judgeSecrets(
  source: Record<string, string | undefined>,
  guesses: Record<string, number>,
  isPublic: boolean,
): Finding[] {
  return SECRETS.flatMap((name) => {
    const value = source[name];
    if (!value) return [];
    const id = name.toLowerCase().replaceAll("_", "-");
    if (value.startsWith(SAMPLE)) {
      const judge = isPublic ? problem : warning;
      return [judge(`variable-${id}`, `${name} is the sample of .env.example, which everybody can read.`, REPLACE)];
    }
    const findings: Finding[] = [];
    if (WORDS.test(value) || (guesses[name] ?? Infinity) < GUESSES_NEEDED)
      findings.push(
        problem(`weak-${id}`, `${name} can be guessed: whoever has one token can try secrets at home.`, REPLACE),
      );
    if (name.endsWith("_PREVIOUS"))
      findings.push(
        warning(
          `left-${id}`,
          `${name} is set: tokens under the old secret are still accepted.`,
          "Remove it REFRESH_TOKEN_SECONDS after the change, or at once if the old secret leaked",
        ),
      );
    return findings;
  });
}
