import "server-only";
import { z } from "zod";

/** RFC 5321, 4.5.3.1.3: a path has 256 octets, of which the angle brackets take two. */
const MAX_OCTETS = 254;
/** In UTF-16 units as sent, before anything is computed from it. Leaves room for pasted blanks. */
const MAX_SENT_LENGTH = 320;

/**
 * Whatever nobody can see, or sees as something else. Unassigned code points are among them: a later version of Unicode
 * may normalise them differently, and then two accounts could share one address.
 */
const UNSEEN = /[\s\p{C}\p{Default_Ignorable_Code_Point}]/u;

/** The one spelling under which an address is stored, compared and counted. Applying it twice changes nothing. */
export function normalizeEmail(email: string): string {
  // Lower case can undo a composition, so it is composed again.
  return email.trim().normalize("NFKC").toLowerCase().normalize("NFKC");
}

function isEmailAddress(email: string): boolean {
  if (UNSEEN.test(email)) return false;
  const [localPart, domain, ...rest] = email.split("@");
  if (!localPart || !domain || rest.length > 0) return false;
  return domain.split(".").every((label) => label !== "");
}

export const emailAddress = z
  .string({ error: "Enter your email address." })
  .max(MAX_SENT_LENGTH, { error: "That email address is too long." })
  .transform(normalizeEmail)
  .pipe(
    z
      .string()
      .min(1, { error: "Enter your email address.", abort: true })
      .refine(isEmailAddress, { error: "Enter an email address like name@example.com.", abort: true })
      .refine((email) => Buffer.byteLength(email) <= MAX_OCTETS, { error: "That email address is too long." }),
  );
