import "server-only";
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { env } from "@/server/runtime/env";

/** The columns of a confirmation that determine its token and its code. */
export interface ConfirmationSource {
  id: string;
  purpose: string;
  salt: string;
}

const ID_BYTES = 16;
/** 16 bytes of the row's id and 32 of an HMAC: a multiple of three, so a token has one spelling (RFC 4648, section 3.5). */
const TOKEN = /^[A-Za-z0-9_-]{64}$/;

/** Crockford's base 32: without I, L, O and U, which are mistaken for other characters. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARACTERS = 8;

export function newSalt(): string {
  return randomBytes(16).toString("base64url");
}

/** The token and code of a confirmation. The row contains neither, so a stolen database is not enough to make them. */
export function mintConfirmation(source: ConfirmationSource): { token: string; code: string } {
  const key = keys()[0]!;
  return {
    token: Buffer.concat([idBytes(source), derive(key, "link", source)]).toString("base64url"),
    code: codeOf(key, source),
  };
}

/** The id in a token, which may be forged. Null for a text that is no token. */
export function confirmationIdIn(token: string): string | null {
  if (!TOKEN.test(token)) return null;
  const hex = Buffer.from(token, "base64url").toString("hex", 0, ID_BYTES);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Whether the token is that of this confirmation. With null it is not, after the same work. */
export function isTokenOf(token: string, source: ConfirmationSource | null): boolean {
  const presented = Buffer.from(token, "base64url").subarray(ID_BYTES);
  const matches = keys().map((key) => isEqual(presented, derive(key, "link", source ?? NO_CONFIRMATION)));
  return source !== null && confirmationIdIn(token) === source.id && matches.includes(true);
}

/** Whether a typed code is that of this confirmation. Case, blanks and dashes are ignored. */
export function isCodeOf(typed: string, source: ConfirmationSource): boolean {
  const code = Buffer.from(normalizeCode(typed));
  const matches = keys().map((key) => isEqual(code, Buffer.from(normalizeCode(codeOf(key, source)))));
  return matches.includes(true);
}

const NO_CONFIRMATION: ConfirmationSource = { id: "", purpose: "", salt: "" };

/** As typed by hand: the letters that the alphabet lacks are read as the digits that they look like. */
function normalizeCode(typed: string): string {
  return typed
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
}

function codeOf(key: Buffer, source: ConfirmationSource): string {
  const bytes = derive(key, "code", source);
  // 32 characters divide 256: each is equally likely.
  const characters = [...bytes.subarray(0, CODE_CHARACTERS)].map((byte) => ALPHABET[byte % ALPHABET.length]).join("");
  return `${characters.slice(0, 4)}-${characters.slice(4)}`;
}

function derive(key: Buffer, use: "link" | "code", { id, purpose, salt }: ConfirmationSource): Buffer {
  return createHmac("sha256", key)
    .update(JSON.stringify([use, id, purpose, salt]))
    .digest();
}

function idBytes({ id }: ConfirmationSource): Buffer {
  return Buffer.from(id.replaceAll("-", ""), "hex");
}

function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

let derived: Buffer[] | undefined;

/** The current key, which alone mints, and the previous one while secrets are being changed. */
function keys(): Buffer[] {
  const { SESSION_SECRET, SESSION_SECRET_PREVIOUS } = env();
  return (derived ??= [SESSION_SECRET, SESSION_SECRET_PREVIOUS]
    .filter((secret) => secret !== undefined)
    .map((secret) => Buffer.from(hkdfSync("sha256", secret, "", "confirmations sent by mail", 32))));
}
