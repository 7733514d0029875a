import "server-only";
import { toASCII, toUnicode } from "tr46";
import { z } from "zod";

/** RFC 5321, 4.5.3.1.3: a path has 256 octets, of which the angle brackets take two. */
const MAX_OCTETS = 254;
const TOO_LONG = "That email address is too long.";
/** In UTF-16 units as sent, checked before any other work. Leaves room for pasted blanks. */
const MAX_SENT_LENGTH = 320;

/**
 * Blank, invisible and unassigned characters. A later version of Unicode may normalize the unassigned ones differently, and then
 * two accounts could have one address.
 */
const INVISIBLE = /[\s\p{C}\p{Default_Ignorable_Code_Point}]/u;

/** Nontransitional, as in browsers. Not Node's `domainToASCII`: Node 20 and 24 differ for 5,700 code points. */
const UTS_46 = { checkBidi: true, checkJoiners: true, useSTD3ASCIIRules: true, verifyDNSLength: true };
/** A name that ends in a number is an IPv4 address (WHATWG URL, "ends in a number checker"). */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[\da-f]*)$/;

type ParsedEmail = { email: string; problem: null } | { email: null; problem: string };

/** The form in which addresses were stored before 2026-11-29. */
function legacyNormalization(email: string): string {
  return lowerCased(email.trim().normalize("NFKC"));
}

/** Lower-casing can denormalize, so the text is normalized again. */
function lowerCased(text: string): string {
  return text.toLowerCase().normalize("NFKC");
}

/** The canonical form in which an address is stored, compared and counted. Idempotent: the result has its domain in Unicode, whether it was sent so or as `xn--…`. */
function parseEmail(sent: string): ParsedEmail {
  const invalid = (problem: string): ParsedEmail => ({ email: null, problem });
  const text = sent.trim().normalize("NFKC");
  if (text === "") return invalid("Enter your email address.");
  const [sentLocalPart = "", sentDomain = "", ...rest] = text.split("@");
  const localPart = lowerCased(sentLocalPart);
  if (localPart === "" || INVISIBLE.test(localPart) || rest.length > 0 || !isDotted(sentDomain))
    return invalid("Enter an email address like name@example.com.");
  const domain = parseDomain(sentDomain);
  if (domain === null) return invalid("That email address has no valid domain name after the @.");
  const [email, asciiEmail] = [`${localPart}@${domain.unicode}`, `${localPart}@${domain.ascii}`];
  // SMTP may use either form (RFC 6531, section 3.7).
  if (Math.max(Buffer.byteLength(email), Buffer.byteLength(asciiEmail)) > MAX_OCTETS) return invalid(TOO_LONG);
  return { email, problem: null };
}

function isDotted(domain: string): boolean {
  return !/\s/.test(domain) && domain.split(".").every((label) => label !== "");
}

/** A domain name in both forms of UTS 46; null if it is invalid. */
function parseDomain(domain: string): { unicode: string; ascii: string } | null {
  const ascii = toASCII(domain, UTS_46);
  if (ascii === null || ENDS_IN_NUMBER.test(ascii)) return null;
  const unicode = toUnicode(ascii, UTS_46).domain;
  // The UTS 46 tables may be newer than Node's Unicode, which cannot normalize an unassigned character reliably.
  if (/\p{Cn}/u.test(unicode)) return null;
  return unicode.split(".").some((label) => label.startsWith("-") || label.endsWith("-")) ? null : { unicode, ascii };
}

const rawEmail = z.string({ error: "Enter your email address." }).max(MAX_SENT_LENGTH, { error: TOO_LONG });

export const emailAddress = rawEmail.transform((sent, context) => parseOrAddIssue(sent, context) ?? z.NEVER);

/**
 * For a login. Two accounts registered under two forms of one address, before the forms were unified, are kept: each is found by its
 * legacy form.
 */
export const loginEmailAddress = rawEmail.transform((sent, context) => {
  const email = parseOrAddIssue(sent, context);
  return email === null ? z.NEVER : { email, legacyEmail: legacyNormalization(sent) };
});

function parseOrAddIssue(sent: string, context: z.RefinementCtx): string | null {
  const { email, problem } = parseEmail(sent);
  if (problem !== null) context.addIssue({ code: "custom", message: problem });
  return email;
}
