import "server-only";
import { z } from "zod";

/** In code points, so that an emoji counts once. */
const MAX_LENGTH = 100;
/** In UTF-16 units as sent, before anything is computed from it. */
const MAX_SENT_LENGTH = 1000;

/** Control characters, halves of characters, and the marks that make text around a name run backwards. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/u;
/** Joiners and selectors shape emoji and several scripts, so they may stand in a name, but they are not one. */
const VISIBLE = /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}]/u;

/** Applying it twice changes nothing. */
export function normalizeFullName(name: string): string {
  return name.normalize("NFC").replace(/\s+/g, " ").trim();
}

export const fullName = z
  .string({ error: "Enter your name." })
  .max(MAX_SENT_LENGTH, { error: `Use at most ${MAX_LENGTH} characters.` })
  .transform(normalizeFullName)
  .pipe(
    z
      .string()
      .refine((name) => !FORBIDDEN.test(name), { error: "That name contains characters we cannot show.", abort: true })
      .refine((name) => VISIBLE.test(name), { error: "Enter your name.", abort: true })
      .refine((name) => [...name].length <= MAX_LENGTH, { error: `Use at most ${MAX_LENGTH} characters.` }),
  );
