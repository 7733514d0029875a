import { classifyRoute, type RouteKind } from "@/server/auth/policy/routes";
import type { FuzzRequest } from "./fuzz-request";
import { headerValues } from "./headers";
import type { ParsedResponse } from "./http-response-parser";
import type { RowChange, TestUser } from "./test-user";
import type { RenderedRequest } from "./rendered-request";
import type { SendOutcome } from "./transport";

/** One exchange, and what the judges have to know of those who took part. */
export interface Exchange {
  request: FuzzRequest;
  rendered: RenderedRequest;
  outcome: SendOutcome;
  response: ParsedResponse | null;
  /** Of the path, in whatever spelling it was sent. */
  route: RouteKind;
  user: TestUser;
  bystander: TestUser;
  origin: string;
  /** What must never leave the app. */
  secrets: readonly string[];
  /** What the app wrote about this request. */
  log: readonly string[];
  /** What became of their rows. */
  userChange: RowChange;
  bystanderChange: RowChange;
}

export function routeOf(rendered: RenderedRequest): RouteKind {
  return classifyRoute(decodedPath(rendered));
}

/** The path without the encodings that mean nothing. */
export function decodedPath({ target }: RenderedRequest): string {
  const [path = ""] = target.split(/[?#]/, 1);
  return path.replace(/%(?:2[de]|3\d|[4-7][0-9a-f])/gi, (code) => decodeURIComponent(code));
}

/** All values that were sent under this name, in lower case or not. */
export function sentHeaders({ headers }: RenderedRequest, name: string): string[] {
  return headers.filter(([one]) => one.trim().toLowerCase() === name).map(([, value]) => value);
}

/** Whether a page of ours could have sent it: only then may a mutation be carried out. */
export function isSameOriginMutation(rendered: RenderedRequest, origin: string): boolean {
  const origins = sentHeaders(rendered, "origin");
  const isSameOrigin =
    origins.length === 0
      ? sentHeaders(rendered, "sec-fetch-site").includes("same-origin")
      : origins.every((one) => one === origin);
  return (
    rendered.method === "POST" && isSameOrigin && sentHeaders(rendered, "content-type").some((type) => isJson(type))
  );
}

/** A navigation inside a page: what it is answered fills no tab, and runs nothing. */
export function isSoftNavigation({ headers }: RenderedRequest): boolean {
  return headers.some(
    ([name, value]) => /^(rsc|next-router-.*)$/i.test(name) || (/^sec-fetch-dest$/i.test(name) && value === "empty"),
  );
}

/** Two words about one length: proxies differ in which they believe. */
export function hasAmbiguousLength(rendered: RenderedRequest): boolean {
  const lengths = sentHeaders(rendered, "content-length");
  const codings = sentHeaders(rendered, "transfer-encoding");
  return (
    lengths.length > 1 || (lengths.length > 0 && codings.length > 0) || lengths.some((one) => !/^\d+$/.test(one.trim()))
  );
}

export function setCookiesOf(response: ParsedResponse): string[] {
  return headerValues(response.headers, "set-cookie");
}

export function isJson(type: string): boolean {
  return type.split(";", 1)[0]?.trim().toLowerCase() === "application/json";
}
