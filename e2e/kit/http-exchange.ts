import type { IncomingMessage } from "node:http";

/** One request that went over the wire, and what came of it. */
export interface HttpExchange {
  method: string;
  /** With the query. */
  path: string;
  requestHeaders: IncomingMessage["headers"];
  /** As much of it as has been sent. */
  requestBody: string;
  /** Null until the server has answered. */
  status: number | null;
  location: string | null;
  /** The answer's. */
  requestId: string | null;
  setCookies: string[];
}

/** A path without its query, a pattern for path and query, or a question about the request. */
export type RequestMatcher = string | RegExp | ((exchange: HttpExchange) => boolean);

export function matchesRequest(matcher: RequestMatcher, exchange: HttpExchange): boolean {
  if (typeof matcher === "function") return matcher(exchange);
  if (typeof matcher === "string") return exchange.path.split("?", 1)[0] === matcher;
  return matcher.test(exchange.path);
}

/** Full page loads, as "path status". */
export function documentLoads(exchanges: HttpExchange[]): string[] {
  return exchanges
    .filter(({ requestHeaders }) => requestHeaders["sec-fetch-dest"] === "document")
    .map(({ path, status }) => `${path} ${status}`);
}

/** What led to the login page, if anything did. */
export function loginNavigations(exchanges: HttpExchange[]): HttpExchange[] {
  return exchanges.filter(({ path, location }) => `${path} ${location}`.includes("/login"));
}
