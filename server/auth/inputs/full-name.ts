import "server-only";
import { z } from "zod";

/** In code points, so that an emoji counts once. */
const MAX_LENGTH = 100;
/** In UTF-16 units as sent, checked before any other work. */
const MAX_SENT_LENGTH = 1000;

/** Control characters, lone surrogates, and bidirectional controls, which would reverse the text around a name. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/u;
/** Joiners and variation selectors are allowed, as emoji and several scripts need them, but a name needs a visible character. */
const VISIBLE = /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}]/u;

/** Idempotent. */
export function normalizeFullName(name: string): string {
  return name.normalize("NFC").replace(/\s+/g, " ").trim();
}

const shownName = (missing: string) =>
  z
    .string({ error: missing })
    .max(MAX_SENT_LENGTH, { error: `Use at most ${MAX_LENGTH} characters.` })
    .transform(normalizeFullName)
    .pipe(
      z
        .string()
        .refine((name) => !FORBIDDEN.test(name), {
          error: "That name contains characters we cannot show.",
          abort: true,
        })
        .refine((name) => VISIBLE.test(name), { error: missing, abort: true })
        .refine((name) => [...name].length <= MAX_LENGTH, { error: `Use at most ${MAX_LENGTH} characters.` }),
    );

export const fullName = shownName("Enter your name.");
/** Chosen by its owner, and shown where a person's name would be. */
export const passkeyName = shownName("Enter a name for the passkey.");
