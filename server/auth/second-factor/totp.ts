import "server-only";
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** RFC 6238 with the values that every authenticator app supports. */
const STEP_SECONDS = 30;
const DIGITS = 6;
/** RFC 4226, section 4, R6: as long as an output of SHA-1. */
const SECRET_BYTES = 20;
/** RFC 4648, section 6. */
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ISSUER = "Portcullis";

export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** The number of steps since 1970. */
export function totpStep(now: Date): number {
  return Math.floor(now.getTime() / 1000 / STEP_SECONDS);
}

/** RFC 4226, section 5.3. */
export function totpCode(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", secret).update(counter).digest();
  const truncated = digest.readUInt32BE(digest.at(-1)! & 0xf) & 0x7fffffff;
  return String(truncated % 10 ** DIGITS).padStart(DIGITS, "0");
}

export interface TotpRule {
  now: Date;
  /** By how many steps the app's clock is ahead. */
  driftSteps: number;
  /** Steps before and after that are accepted, too. */
  toleranceSteps: number;
  /** It and earlier steps are refused. */
  lastStep: number | null;
}

/** The step of a code, the nearest one if several have this code. Null for a wrong or a used code. */
export function judgeTotp(secret: Buffer, code: string, rule: TotpRule): number | null {
  const { now, driftSteps, toleranceSteps, lastStep } = rule;
  const middle = totpStep(now) + driftSteps;
  const offsets = Array.from({ length: 2 * toleranceSteps + 1 }, (_, index) => index - toleranceSteps);
  const matching = offsets
    .sort((one, other) => Math.abs(one) - Math.abs(other))
    .map((offset) => middle + offset)
    // All are computed, so that the time does not depend on which one matches.
    .filter((step) => isEqual(totpCode(secret, step), code));
  return matching.find((step) => lastStep === null || step > lastStep) ?? null;
}

/** As typed: digits of any width, and blanks or dashes between them. */
export function normalizeTotpCode(typed: string): string {
  return typed.normalize("NFKC").replace(/[\s\p{Dash}]/gu, "");
}

export function toBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits
    .match(/.{5}/g)!
    .map((group) => BASE32[parseInt(group, 2)])
    .join("");
}

/** The Key URI Format of authenticator apps, which states the defaults too: some apps ask for a missing value. */
export function totpUri(secret: Buffer, account: string): string {
  const values = { secret: toBase32(secret), issuer: ISSUER, algorithm: "SHA1", digits: DIGITS, period: STEP_SECONDS };
  const query = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return `otpauth://totp/${ISSUER}:${encodeURIComponent(account)}?${query.join("&")}`;
}

function isEqual(code: string, typed: string): boolean {
  const bytes = Buffer.from(typed);
  return bytes.length === DIGITS && timingSafeEqual(Buffer.from(code), bytes);
}
