import type { IncomingMessage } from "node:http";

/** One request that went over the wire, and what came of it. */
export interface Exchange {
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
export type Matching = string | RegExp | ((exchange: Exchange) => boolean);

export function matches(matching: Matching, exchange: Exchange): boolean {
  if (typeof matching === "function") return matching(exchange);
  if (typeof matching === "string") return exchange.path.split("?", 1)[0] === matching;
  return matching.test(exchange.path);
}

/** Full page loads, as "path status". */
export function documentsAmong(exchanges: Exchange[]): string[] {
  return exchanges
    .filter(({ requestHeaders }) => requestHeaders["sec-fetch-dest"] === "document")
    .map(({ path, status }) => `${path} ${status}`);
}

/** What led to the login page, if anything did. */
export function waysToLogin(exchanges: Exchange[]): Exchange[] {
  return exchanges.filter(({ path, location }) => `${path} ${location}`.includes("/login"));
}
