import "server-only";
import type { IncomingMessage } from "node:http";
import type { EntryResponse } from "./response";
import { reject } from "./reject";
import type { RequestContext } from "./request-context";

const PREFLIGHT_MAX_AGE_SECONDS = 600;

/** Lets pages of an allowed origin read the responses to their calls, rejections by the entry included. */
export function setCorsHeaders(
  request: IncomingMessage,
  response: EntryResponse,
  corsOrigins: readonly string[],
): void {
  const { origin } = request.headers;
  response.appendHeader("Vary", "Origin");
  if (origin === undefined || !corsOrigins.includes(origin)) return;
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader(
    "Access-Control-Expose-Headers",
    "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset",
  );
}

export function respondToPreflight(
  request: IncomingMessage,
  response: EntryResponse,
  context: RequestContext,
  corsOrigins: readonly string[],
) {
  if (!corsOrigins.includes(request.headers.origin ?? ""))
    return reject(response, context, { reason: "ORIGIN_REFUSED" });
  response.statusCode = 204;
  response.setHeader("Access-Control-Allow-Methods", "GET, POST");
  response.setHeader("Access-Control-Allow-Headers", "content-type, trpc-accept, x-request-id");
  response.setHeader("Access-Control-Max-Age", PREFLIGHT_MAX_AGE_SECONDS);
  response.end();
}
