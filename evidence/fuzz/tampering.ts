import { createHmac } from "node:crypto";

/** The real signing secrets: tokens with valid signatures test the checks behind the signature. */
export interface SigningSecrets {
  access: string;
  refresh: string;
}

type Json = Record<string, unknown>;
type Sign = (change: (header: Json, claims: Json) => void, key?: string) => string;

const UNKNOWN_KEY = "a key that this app has never seen, and long enough";

/** Every tampered token must be rejected. */
const TAMPERINGS = {
  flip: (token, at) => replaceAt(token, at % token.length, (code) => code ^ 1),
  truncate: (token, at) => token.slice(0, at % token.length),
  lengthen: (token, at) => token + "A".repeat(1 + (at % 4000)),
  padded: (token) => `${token}=`,
  // The last base64url character has unused bits: four encodings decode to the same signature.
  reencoded: (token, at) => token.slice(0, -1) + BASE64URL[BASE64URL.indexOf(token.at(-1)!) + 1 + (at % 3)],
  standard: (token) => token.replaceAll("-", "+").replaceAll("_", "/") + ".",
  quoted: (token) => `"${token}"`,
  encoded: (token) => token.replaceAll(".", "%2E"),
  spaced: (token) => token.replace(".", ". "),
  half: (token) => token.split(".").slice(0, 2).join("."),
  unsigned: (_token, _at, sign) => sign((header) => void (header.alg = "none")).replace(/[^.]*$/, ""),
  none: (_token, _at, sign) => sign((header) => void (header.alg = "none")),
  stronger: (_token, _at, sign) => sign((header) => void (header.alg = "HS512")),
  asymmetric: (_token, _at, sign) => sign((header) => void (header.alg = "RS256")),
  untyped: (_token, _at, sign) => sign((header) => void delete header.typ),
  retyped: (_token, _at, sign) => sign((header) => void (header.typ = header.typ === "at+jwt" ? "rt+jwt" : "at+jwt")),
  plain: (_token, _at, sign) => sign((header) => void (header.typ = "JWT")),
  keyless: (_token, _at, sign) => sign((header) => void delete header.kid),
  kid: (_token, at, sign) => sign((header) => void (header.kid = KEY_IDS[at % KEY_IDS.length])),
  critical: (_token, _at, sign) => sign((header) => void (header.crit = ["exp"])),
  embedded: (_token, _at, sign) =>
    sign(
      (header) => Object.assign(header, { jwk: { kty: "oct", k: "AAAA" }, jku: "https://evil.test/keys", kid: "x" }),
      UNKNOWN_KEY,
    ),
  unknownKey: (_token, _at, sign) => sign(() => {}, UNKNOWN_KEY),
  expired: (_token, at, sign) => sign((_header, claims) => void (claims.exp = now() - 1 - at)),
  endless: (_token, _at, sign) => sign((_header, claims) => void delete claims.exp),
  tomorrow: (_token, _at, sign) =>
    sign((_header, claims) => void (claims["_" in claims ? "iat" : "nbf"] = now() + 86_400)),
  issuer: (_token, _at, sign) => sign((_header, claims) => void (claims.iss = "https://evil.test")),
  audience: (_token, _at, sign) => sign((_header, claims) => void (claims.aud = ["https://evil.test"])),
  claimless: (_token, at, sign) =>
    sign((_header, claims) => void delete claims[Object.keys(claims)[at % Object.keys(claims).length] ?? ""]),
  wrongType: (_token, at, sign) =>
    sign(
      (_header, claims) =>
        void (claims[CHECKED_CLAIMS[at % CHECKED_CLAIMS.length] ?? ""] =
          EDGE_CASE_CLAIMS[at % EDGE_CASE_CLAIMS.length]),
    ),
  // A refresh token has no network claim, so its session id is changed instead.
  otherNetwork: (_token, _at, sign) =>
    sign((_header, claims) => void (claims["_" in claims ? "_" : "sid"] = "A".repeat(22))),
} satisfies Record<string, (token: string, at: number, sign: Sign) => string>;

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const KEY_IDS = [
  "../../../../dev/null",
  "__proto__",
  "constructor",
  7,
  null,
  {},
  "",
  "'; drop table users; --",
  "x".repeat(900),
];
const CHECKED_CLAIMS = ["exp", "iss", "aud"];
const EDGE_CASE_CLAIMS = [{}, "1", null, -1.5, ["x"], "__proto__", true];

export type Tampering = keyof typeof TAMPERINGS;
export const ALL_TAMPERINGS = Object.keys(TAMPERINGS) as Tampering[];
export function tamper(token: string, tampering: string, at: number, secret: string): string {
  const [head = "", claims = ""] = token.split(".");
  const sign: Sign = (change, key = secret) => {
    const parts: [Json, Json] = [decodeJson(head), decodeJson(claims)];
    change(...parts);
    const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
  };
  const changed = TAMPERINGS[tampering as Tampering](token, at, sign);
  // An unchanged token is valid; an empty one is not.
  return changed === token ? "" : changed;
}

export function decodeJson(part: string): Json {
  return JSON.parse(Buffer.from(part, "base64url").toString()) as Json;
}

function replaceAt(text: string, at: number, change: (code: number) => number): string {
  return text.slice(0, at) + String.fromCharCode(change(text.charCodeAt(at))) + text.slice(at + 1);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
