import "server-only";
import type { IncomingMessage } from "node:http";
import type { EntryResponse } from "./response";
import { reject } from "./reject";
import type { RequestContext } from "./request-context";

const PREFLIGHT_KEPT_SECONDS = 600;

/** Lets the pages of a listed origin read the answers to their calls, refusals of the entry included. */
export function allowListedOrigin(
  request: IncomingMessage,
  answer: EntryResponse,
  corsOrigins: readonly string[],
): void {
  const { origin } = request.headers;
  answer.appendHeader("Vary", "Origin");
  if (origin === undefined || !corsOrigins.includes(origin)) return;
  answer.setHeader("Access-Control-Allow-Origin", origin);
  answer.setHeader("Access-Control-Allow-Credentials", "true");
  answer.setHeader(
    "Access-Control-Expose-Headers",
    "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset",
  );
}

/** Answers the question that a browser asks before it lets a page of another origin call us. */
export function answerPreflight(
  request: IncomingMessage,
  answer: EntryResponse,
  visit: RequestContext,
  corsOrigins: readonly string[],
) {
  if (!corsOrigins.includes(request.headers.origin ?? "")) return reject(answer, visit, { reason: "ORIGIN_REFUSED" });
  answer.statusCode = 204;
  answer.setHeader("Access-Control-Allow-Methods", "GET, POST");
  answer.setHeader("Access-Control-Allow-Headers", "content-type, trpc-accept, x-request-id");
  answer.setHeader("Access-Control-Max-Age", PREFLIGHT_KEPT_SECONDS);
  answer.end();
}
