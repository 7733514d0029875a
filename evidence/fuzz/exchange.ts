import { classifyRoute, type RouteKind } from "@/server/auth/policy/routes";
import type { Asked } from "./fuzz-request";
import { headersIn } from "./headers";
import type { HttpAnswer } from "./http-response-parser";
import type { Difference, Person } from "./test-user";
import type { Sent } from "./rendered-request";
import type { Outcome } from "./transport";

/** One exchange, and what the judges have to know of those who took part. */
export interface Facts {
  asked: Asked;
  sent: Sent;
  outcome: Outcome;
  answer: HttpAnswer | null;
  /** Of the path, in whatever spelling it was sent. */
  route: RouteKind;
  person: Person;
  bystander: Person;
  origin: string;
  /** What must never leave the app. */
  secrets: readonly string[];
  /** What the app wrote about this request. */
  log: readonly string[];
  /** What became of their rows. */
  personDifference: Difference;
  bystanderDifference: Difference;
}

export function routeOf(sent: Sent): RouteKind {
  return classifyRoute(plainPath(sent));
}

/** The path without the encodings that mean nothing. */
export function plainPath({ target }: Sent): string {
  const [path = ""] = target.split(/[?#]/, 1);
  return path.replace(/%(?:2[de]|3\d|[4-7][0-9a-f])/gi, (code) => decodeURIComponent(code));
}

/** All values that were sent under this name, in lower case or not. */
export function sentHeaders({ headers }: Sent, name: string): string[] {
  return headers.filter(([one]) => one.trim().toLowerCase() === name).map(([, value]) => value);
}

/** Whether a page of ours could have sent it: only then may a mutation be carried out. */
export function couldBeOurs(sent: Sent, origin: string): boolean {
  const origins = sentHeaders(sent, "origin");
  const isSameOrigin =
    origins.length === 0
      ? sentHeaders(sent, "sec-fetch-site").includes("same-origin")
      : origins.every((one) => one === origin);
  return sent.method === "POST" && isSameOrigin && sentHeaders(sent, "content-type").some((type) => isJson(type));
}

/** A navigation inside a page: what it is answered fills no tab, and runs nothing. */
export function isSoft({ headers }: Sent): boolean {
  return headers.some(
    ([name, value]) => /^(rsc|next-router-.*)$/i.test(name) || (/^sec-fetch-dest$/i.test(name) && value === "empty"),
  );
}

/** Two words about one length: proxies differ in which they believe. */
export function isAmbiguous(sent: Sent): boolean {
  const lengths = sentHeaders(sent, "content-length");
  const codings = sentHeaders(sent, "transfer-encoding");
  return (
    lengths.length > 1 || (lengths.length > 0 && codings.length > 0) || lengths.some((one) => !/^\d+$/.test(one.trim()))
  );
}

export function setCookiesOf(answer: HttpAnswer): string[] {
  return headersIn(answer.headers, "set-cookie");
}

export function isJson(type: string): boolean {
  return type.split(";", 1)[0]?.trim().toLowerCase() === "application/json";
}
