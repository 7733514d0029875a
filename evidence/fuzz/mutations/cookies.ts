import fc from "fast-check";
import { headerOf, withHeader, type Mutation } from "@/evidence/fuzz/fuzz-request";
import { ALL_TAMPERINGS } from "@/evidence/fuzz/tampering";
import { mutateWithOneOf } from "./mutation";

const REPLACEMENTS = [
  "",
  ";",
  ";;;;=;=;",
  "__acc",
  "__acc=",
  "__ref=; __acc=",
  "__acc={{refresh}}; __ref={{access}}",
  "__acc={{refresh}}",
  "__ref={{access}}",
  "__acc={{access}}; __acc={{access}}",
  "__ref={{refresh}}; __ref={{bystander.refresh}}",
  "__acc={{access}}; __ref={{refresh}}; __acc=x",
  "__Host-__acc={{access}}; __Host-__ref={{refresh}}",
  "__Host-__acc=x; __acc={{access}}; __ref={{refresh}}",
  "__ACC={{access}}; __REF={{refresh}}",
  "__acc ={{access}}; __ref\t={{refresh}}",
  '__acc="{{access}}"; __ref="{{refresh}}"',
  "__acc={{access}}, __ref={{refresh}}",
  "__acc={{access}}&__ref={{refresh}}",
  "%5f%5facc={{access}}; %5f%5fref={{refresh}}",
  "__proto__=x; __acc={{access}}; __ref={{refresh}}",
  "=__acc={{access}}; __ref={{refresh}}",
  "__acc=eyJ; __ref=eyJ",
  "__acc=...; __ref=..",
  "__ref=null",
  "__ref=" + "A".repeat(8000),
  "x=" + "A".repeat(8000) + "; __acc={{access}}; __ref={{refresh}}",
  "a=b; ".repeat(500) + "__acc={{access}}",
];
const ADDITIONAL_COOKIES = [
  "$Version=1; ",
  '$Version="1"; $Path="/"; ',
  'x="; ',
  'x="\\"; ',
  "x=%; ",
  "x=%ff; ",
  "x=\u00ff; ",
  "=; ",
  "; ; ",
  "__Host-__acc=y; ",
  "__acc; ",
];

const TOKENS = /\{\{(access|refresh)\}\}/g;

/** Duplicate, truncated, quoted and swapped cookies, and tampered tokens. */
export const mutateCookies: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 2, arbitrary: mutateWithOneOf(REPLACEMENTS, (value) => mutateCookieHeader(() => value)) },
  {
    weight: 2,
    arbitrary: mutateWithOneOf(ADDITIONAL_COOKIES, (other) => mutateCookieHeader((cookies) => other + cookies)),
  },
  {
    weight: 1,
    arbitrary: mutateWithOneOf(ADDITIONAL_COOKIES, (other) => mutateCookieHeader((cookies) => `${cookies}; ${other}`)),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...ALL_TAMPERINGS), fc.nat(500), fc.constantFrom("access", "refresh", "both"))
      .map(([how, at, which]) =>
        mutateCookieHeader((cookies) =>
          cookies.replace(TOKENS, (placeholder, name) =>
            which === name || which === "both" ? `{{${name}|${how}:${at}}}` : placeholder,
          ),
        ),
      ),
  },
);

function mutateCookieHeader(change: (cookies: string) => string): Mutation {
  return (request) => withHeader(request, "Cookie", change(headerOf(request, "cookie") ?? ""));
}
