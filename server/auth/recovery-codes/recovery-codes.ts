import "server-only";
import { randomInt } from "node:crypto";
import type { NewRecoveryCode } from "@/db/tables/recovery-codes";
import { hashPassword } from "@/server/auth/passwords/password";

const CODES_PER_SET = 10;
/** Crockford's base 32, without I, L, O and U: 16 characters are 80 bits. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH = 16;

/** A typed code. It begins with its number, so that its check costs one hash, not one for each code of the set. */
export interface TypedRecoveryCode {
  number: number;
  /** As hashed. */
  text: string;
}

/** A set of codes as shown to the user, once, and as stored. Throws UNAVAILABLE if too many hashes are requested concurrently. */
export async function newRecoveryCodes(): Promise<{ codes: string[]; rows: NewRecoveryCode[] }> {
  const [codes, rows]: [string[], NewRecoveryCode[]] = [[], []];
  // One after another: a set must not occupy all hash workers.
  for (let number = 1; number <= CODES_PER_SET; number++) {
    const text = Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
    codes.push(`${number}-${text.match(/.{4}/g)!.join("-")}`);
    rows.push({ number, codeHash: await hashPassword(text) });
  }
  return { codes, rows };
}

/** Any case, blanks, dashes and widths; O, I and L are read as the digits that they resemble. Null if it cannot be a code. */
export function parseRecoveryCode(typed: string): TypedRecoveryCode | null {
  const letters = typed
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[\s\p{Dash}]/gu, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  const found = /^([1-9]|10)([0-9A-HJKMNP-TV-Z]{16})$/.exec(letters);
  return found === null ? null : { number: Number(found[1]), text: found[2]! };
}
