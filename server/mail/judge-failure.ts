import { UnsafeAddressError } from "./mime-message";

/** After this many seconds the second attempt is made; each further delay is twice as long, up to the longest. */
const FIRST_DELAY_SECONDS = 10;
const LONGEST_DELAY_SECONDS = 1800;
const GIVE_UP_AFTER_SECONDS = 24 * 3600;

/** Attempts whose delays add up to 24 hours at most. */
export const MAX_ATTEMPTS = countAttempts();

/** Properties that nodemailer sets on its errors. */
interface SmtpFailure {
  code?: unknown;
  originalCode?: unknown;
  command?: unknown;
  responseCode?: unknown;
  response?: unknown;
}

/**
 * When to try again after the given number of attempts, in seconds; null: never. The delay is shortened at random by up to a fifth,
 * so that mails which failed together do not arrive together. `random` is from 0 to 1.
 */
export function decideRetry(attempts: number, failure: unknown, random: number): number | null {
  if (attempts >= MAX_ATTEMPTS || isRefusedForGood(failure)) return null;
  return delayAfter(attempts) * (1 - random / 5);
}

/**
 * The server refused this recipient or this message. Replies about the connection, the login or the sender are not among them, nor
 * are 530 and 5.7.x, which say that the server does not accept mail from here: an operator can correct those within a day.
 */
function isRefusedForGood(failure: unknown): boolean {
  const { command, responseCode } = (failure ?? {}) as SmtpFailure;
  if (failure instanceof UnsafeAddressError) return true;
  if (typeof responseCode !== "number" || responseCode < 500 || [503, 530].includes(responseCode)) return false;
  return ["RCPT TO", "DATA"].includes(String(command)) && !enhancedCodeOf(failure).startsWith("5.7.");
}

/** For logs and `last_error`: codes only, since the text of a reply may quote the recipient. */
export function describeFailure(failure: unknown): string {
  const { code, originalCode, command, responseCode } = (failure ?? {}) as SmtpFailure;
  const words = [code, originalCode, command, responseCode, enhancedCodeOf(failure)].map((word) => String(word ?? ""));
  const known = words.filter((word) => /^[\w.]+( \w+)?$/.test(word) && word.length <= 50);
  return known.length > 0 ? known.join(" ") : failure instanceof Error ? failure.name : "unknown";
}

/** RFC 3463: like 5.1.1. */
function enhancedCodeOf(failure: unknown): string {
  return /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(String((failure as SmtpFailure | null)?.response ?? ""))?.[1] ?? "";
}

function delayAfter(attempts: number): number {
  return Math.min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), LONGEST_DELAY_SECONDS);
}

function countAttempts(): number {
  let attempts = 1;
  for (let total = delayAfter(1); total <= GIVE_UP_AFTER_SECONDS; total += delayAfter(attempts)) attempts += 1;
  return attempts;
}
