import { classifyRoute, type RouteKind } from "@/server/auth/policy/routes";
import type { FuzzRequest } from "./fuzz-request";
import { headerValues, type ParsedResponse } from "./http-response-parser";
import type { RenderedRequest } from "./rendered-request";
import type { RowChange, TestUser } from "./test-user";
import type { SendOutcome } from "./transport";

/** One request, its response, and what the oracles need to know about the users and the app. */
export interface Exchange {
  request: FuzzRequest;
  rendered: RenderedRequest;
  outcome: SendOutcome;
  response: ParsedResponse | null;
  /** The route of the decoded path. */
  route: RouteKind;
  user: TestUser;
  bystander: TestUser;
  origin: string;
  /** Values that must not appear in a response. */
  secrets: readonly string[];
  /** The log lines of this request. */
  log: readonly string[];
  /** How the database rows of the users changed. */
  userChange: RowChange;
  bystanderChange: RowChange;
}

export function routeOf(rendered: RenderedRequest): RouteKind {
  return classifyRoute(decodedPath(rendered));
}

/** The path with needless percent-encodings decoded, as far as the server reads it: a line break in the target begins a header. */
export function decodedPath({ target }: RenderedRequest): string {
  const [path = ""] = target.split(/[?#]| HTTP\/1\.1\r\n/, 1);
  // With an invalid encoding nothing is decoded: a part of it could become another encoding.
  if (/%(?![0-9a-f]{2})/i.test(path)) return path;
  return path.replace(/%(?:2[de]|3\d|[4-7][0-9a-f])/gi, (code) => decodeURIComponent(code));
}

/** All values of a header of the request; `name` is in lower case. */
export function sentHeaders({ headers }: RenderedRequest, name: string): string[] {
  return headers.filter(([one]) => one.trim().toLowerCase() === name).map(([, value]) => value);
}

/** Whether a page of the app could have sent the mutation: only then may it be executed. */
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

/** A client-side navigation: the browser does not render or execute its response as a document. */
export function isSoftNavigation({ headers }: RenderedRequest): boolean {
  return headers.some(
    ([name, value]) => /^(rsc|next-router-.*)$/i.test(name) || (/^sec-fetch-dest$/i.test(name) && value === "empty"),
  );
}

/** Conflicting length headers, which proxies interpret differently. */
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
