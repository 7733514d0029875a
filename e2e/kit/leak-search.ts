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

/** A field of JSON that is called a password, whatever stands around it: calls come in batches. */
const PASSWORD = /"\w*password\w*"\s*:\s*("(?:[^"\\]|\\.)*")/gi;

/** What is shorter, or one letter again and again, may stand in a log by chance. */
const CHARACTERS_AT_LEAST = 8;
const DIFFERENT_AT_LEAST = 4;
/** As much of a secret as has to be found again. */
const CHARACTERS_COMPARED = 200;

/** Everything that went over a wire and that its app must not write down. */
export function secretsIn({ cookies, setCookies, authorizations, queries, text }: Traffic): Secret[] {
  const sent = cookies.flatMap((header) => header.split(";"));
  const set = setCookies.map((header) => header.split(";", 1)[0] ?? "");
  const found: Secret[] = [
    ...sent.flatMap((pair) => cookie("a token or cookie that was sent", pair)),
    ...set.flatMap((pair) => cookie("a token or cookie that was set", pair)),
    ...[...text.matchAll(PASSWORD)].map(([, value]) => ({ kind: "a password" as const, value: String(parse(value!)) })),
    ...authorizations.map((value) => ({ kind: "an authorization" as const, value })),
    ...queries.map((value) => ({ kind: "a query" as const, value })),
  ];
  return found.filter(({ value }) => value.length >= CHARACTERS_AT_LEAST && new Set(value).size >= DIFFERENT_AT_LEAST);
}

function cookie(kind: Secret["kind"], pair: string): Secret[] {
  const value = pair.slice(pair.indexOf("=") + 1).trim();
  const [, claims, signature] = value.split(".");
  if (signature === undefined) return [{ kind, value }];
  const { non } = (parse(Buffer.from(claims ?? "", "base64url").toString()) ?? {}) as { non?: unknown };
  return [
    { kind, value },
    { kind: "a part of a token", value: claims ?? "" },
    { kind: "a part of a token", value: signature },
    { kind: "a nonce", value: typeof non === "string" ? non : "" },
  ];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface Leak {
  kind: Secret["kind"];
  /** In the text, counted from 1. */
  line: number;
}

/**
 * Where a secret stands in the text, as it is or as JSON or an address would write it. One pass over the text for all of them,
 * by their last characters: all tokens begin alike.
 */
export function findLeaks(text: string, secrets: readonly Secret[]): Leak[] {
  const byEnd = new Map<string, Map<string, Secret["kind"]>>();
  for (const { kind, value } of secrets) {
    const compared = value.slice(0, CHARACTERS_COMPARED);
    for (const spelling of [
      compared,
      JSON.stringify(compared).slice(1, -1),
      encodeURIComponent(compared.toWellFormed()),
    ]) {
      const end = spelling.slice(-CHARACTERS_AT_LEAST);
      const known = byEnd.get(end) ?? new Map<string, Secret["kind"]>();
      byEnd.set(end, known.set(spelling, kind));
    }
  }
  const leaks: Leak[] = [];
  for (let at = CHARACTERS_AT_LEAST; at <= text.length; at++) {
    const known = byEnd.get(text.slice(at - CHARACTERS_AT_LEAST, at));
    if (known === undefined) continue;
    for (const [spelling, kind] of known) {
      if (text.endsWith(spelling, at)) leaks.push({ kind, line: text.slice(0, at).split("\n").length });
    }
  }
  return leaks;
}
