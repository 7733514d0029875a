import type { IncomingMessage } from "node:http";

/** A recorded request and its response. */
export interface HttpExchange {
  method: string;
  /** Path and query. */
  path: string;
  requestHeaders: IncomingMessage["headers"];
  /** The part that has been sent so far. */
  requestBody: string;
  /** Null until the server has responded. */
  status: number | null;
  location: string | null;
  /** From the response. */
  requestId: string | null;
  setCookies: string[];
}

/** A path without its query, a pattern for path and query, or a predicate. */
export type RequestMatcher = string | RegExp | ((exchange: HttpExchange) => boolean);

export function matchesRequest(matcher: RequestMatcher, exchange: HttpExchange): boolean {
  if (typeof matcher === "function") return matcher(exchange);
  if (typeof matcher === "string") return exchange.path.split("?", 1)[0] === matcher;
  return matcher.test(exchange.path);
}

/** Full page loads, each as "path status". */
export function documentLoads(exchanges: HttpExchange[]): string[] {
  return exchanges
    .filter(({ requestHeaders }) => requestHeaders["sec-fetch-dest"] === "document")
    .map(({ path, status }) => `${path} ${status}`);
}

/** Requests for the login page and redirects to it. */
export function loginNavigations(exchanges: HttpExchange[]): HttpExchange[] {
  return exchanges.filter(({ path, location }) => `${path} ${location}`.includes("/login"));
}
