import type { Traffic } from "./traffic";

const KINDS = [
  "a token or cookie that was sent",
  "a token or cookie that was set",
  "a part of a token",
  "a nonce",
  "a password",
  "an authorization",
  "a query",
] as const;

export interface Secret {
  kind: (typeof KINDS)[number];
  value: string;
}

/** A JSON field whose name contains "password", at any depth, because calls may be batched. */
const PASSWORD = /"\w*password\w*"\s*:\s*("(?:[^"\\]|\\.)*")/gi;

/** Shorter or repetitive values may appear in a log by coincidence. */
const MIN_LENGTH = 8;
const MIN_DISTINCT_CHARACTERS = 4;
/** Only this many leading characters of a secret are searched for. */
const COMPARED_LENGTH = 200;

/** The values in recorded traffic that the app must not log. */
export function extractSecrets({ cookies, setCookies, authorizations, queries, text }: Traffic): Secret[] {
  const sent = cookies.flatMap((header) => header.split(";"));
  const set = setCookies.map((header) => header.split(";", 1)[0] ?? "");
  const found: Secret[] = [
    ...sent.flatMap((pair) => cookieSecrets("a token or cookie that was sent", pair)),
    ...set.flatMap((pair) => cookieSecrets("a token or cookie that was set", pair)),
    ...[...text.matchAll(PASSWORD)].map(([, value]) => ({
      kind: "a password" as const,
      value: String(parseJson(value!)),
    })),
    ...authorizations.map((value) => ({ kind: "an authorization" as const, value })),
    ...queries.map((value) => ({ kind: "a query" as const, value })),
  ];
  return found.filter(({ value }) => value.length >= MIN_LENGTH && new Set(value).size >= MIN_DISTINCT_CHARACTERS);
}

function cookieSecrets(kind: Secret["kind"], pair: string): Secret[] {
  const value = pair.slice(pair.indexOf("=") + 1).trim();
  const [, claims, signature] = value.split(".");
  if (signature === undefined) return [{ kind, value }];
  const { non } = (parseJson(Buffer.from(claims ?? "", "base64url").toString()) ?? {}) as { non?: unknown };
  return [
    { kind, value },
    { kind: "a part of a token", value: claims ?? "" },
    { kind: "a part of a token", value: signature },
    { kind: "a nonce", value: typeof non === "string" ? non : "" },
  ];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface Leak {
  kind: Secret["kind"];
  /** Line number, from 1. */
  line: number;
}

/**
 * Finds secrets in the text, verbatim, JSON-escaped or percent-encoded. One pass finds all of them by an index of their last
 * characters, because all tokens share their first ones.
 */
export function findLeaks(text: string, secrets: readonly Secret[]): Leak[] {
  const byEnd = new Map<string, Map<string, Secret["kind"]>>();
  for (const { kind, value } of secrets) {
    const prefix = value.slice(0, COMPARED_LENGTH);
    for (const encoded of [prefix, JSON.stringify(prefix).slice(1, -1), encodeURIComponent(prefix.toWellFormed())]) {
      const end = encoded.slice(-MIN_LENGTH);
      const candidates = byEnd.get(end) ?? new Map<string, Secret["kind"]>();
      byEnd.set(end, candidates.set(encoded, kind));
    }
  }
  const leaks: Leak[] = [];
  for (let at = MIN_LENGTH; at <= text.length; at++) {
    const candidates = byEnd.get(text.slice(at - MIN_LENGTH, at));
    if (candidates === undefined) continue;
    for (const [encoded, kind] of candidates) {
      if (text.endsWith(encoded, at)) leaks.push({ kind, line: text.slice(0, at).split("\n").length });
    }
  }
  return leaks;
}
