import "server-only";
import { FAULT_MESSAGE, REFUSALS, type Reason } from "@/server/auth/policy/refusals";
import { errorEnvelope, type Failure } from "@/server/runtime/error-envelope";
import type { EntryResponse } from "./response";
import { declaresBody } from "./body";
import type { RequestContext } from "./request-context";

export interface Rejection {
  reason: Reason;
  /** A more specific status than that of the reason, or the same with the message from STATUS_MESSAGES. */
  status?: number;
  retryAfterSeconds?: number;
  allow?: readonly string[];
}

/** Messages for statuses that no reason covers: what happened, and what to do. */
export const STATUS_MESSAGES: Readonly<Record<number, string>> = {
  400: "The request could not be read. Check the address and reload the page. If the error remains, delete the cookies of this site in your browser, or look for a proxy that changes requests.",
  405: "This server is not a proxy and does not support CONNECT. Remove it from your proxy settings.",
  408: "The request did not arrive in time. Check your connection, then try again.",
  413: "The request is too large. Send less data, then try again.",
  414: "The address is too long. Shorten it, or open the home page of this site.",
  417: "The Expect header of this request is not supported. Send the request without it.",
  431: "The request headers are too large, usually because of cookies. Delete the cookies of this site in your browser, then try again.",
  503: "Too many connections are open. Close other tabs and programs that use this site, or try again in a few seconds.",
  505: "This HTTP version is not supported. Use HTTP/1.1.",
};

/** How long to discard what the client still sends, so that it can read the response. */
const LINGER_MILLISECONDS = 1000;

/** Responds from the entry with JSON, an HTML page or plain text, as the route requires. Null is a fault (500). */
export function reject(response: EntryResponse, context: RequestContext, rejection: Rejection | null): void {
  const status = rejection === null ? 500 : (rejection.status ?? REFUSALS[rejection.reason].status);
  const body = Buffer.from(bodyFor(context, status, rejection));
  response.removeHeaders();
  response.statusCode = status;
  response.setHeader("Content-Type", contentTypeFor(context, status));
  response.setHeader("Content-Length", body.length);
  if (rejection?.allow) response.setHeader("Allow", rejection.allow.join(", "));
  if (rejection?.retryAfterSeconds !== undefined) response.setHeader("Retry-After", rejection.retryAfterSeconds);

  const { req: request } = response;
  if (!declaresBody(request) || request.complete) return void response.end(body);
  response.setHeader("Connection", "close");
  // Closing while the client still sends would reset the connection before it has read the response.
  response.write(body);
  const end = () => response.end();
  const timer = setTimeout(end, LINGER_MILLISECONDS);
  response.once("close", () => clearTimeout(timer));
  request.once("end", end).once("error", end).resume();
}

function contentTypeFor(context: RequestContext, status: number): string {
  if (isJson(context)) return "application/json; charset=utf-8";
  return isPage(context, status) ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}

function bodyFor(context: RequestContext, status: number, rejection: Rejection | null): string {
  if (isJson(context)) return JSON.stringify(errorEnvelope(toFailure(rejection), context.requestId));
  const message = messageFor(rejection);
  return isPage(context, status) ? errorPage(context, status, message) : `${message}\n`;
}

function messageFor(rejection: Rejection | null): string {
  if (rejection === null) return FAULT_MESSAGE;
  const message = rejection.status === undefined ? undefined : STATUS_MESSAGES[rejection.status];
  return message ?? REFUSALS[rejection.reason].message;
}

/** Not for a missing built file, nor for another HTTP version, which no browser sends. */
function isPage(context: RequestContext, status: number): boolean {
  return context.kind === "document" && context.route !== "static" && status !== 505;
}

function isJson(context: RequestContext): boolean {
  return context.route === "call" || context.route === "health";
}

function toFailure(rejection: Rejection | null): Failure {
  return rejection && { reason: rejection.reason, details: { retryAfterSeconds: rejection.retryAfterSeconds } };
}

/** Independent of the app, which may be what failed. Contains nothing from the request except the validated request id. */
function errorPage(context: RequestContext, status: number, message: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${message}</title>
<style nonce="${context.nonce}">
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0; padding: 0 1.5rem; }
h1 { font-size: 1.25rem; } p { opacity: 0.75; }
</style>
</head>
<body>
<main>
<h1>${message}</h1>
<p>Status ${status} · Request ID ${context.requestId}</p>
<p><a href="/">Go to the home page</a></p>
</main>
</body>
</html>
`;
}
