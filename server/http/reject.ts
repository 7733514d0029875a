import "server-only";
import { FAULT_MESSAGE, REFUSALS, type Reason } from "@/server/auth/policy/refusals";
import { errorEnvelope, type Failed } from "@/server/runtime/error-envelope";
import type { EntryResponse } from "./response";
import { declaresBody } from "./body";
import type { RequestContext } from "./request-context";

export interface Rejection {
  reason: Reason;
  /** Where HTTP has a more exact word than the reason's own. */
  status?: number;
  retryAfterSeconds?: number;
  allow?: readonly string[];
}

/** For statuses that the reasons have no words for: what happened, and what a person can do. */
export const STATUS_MESSAGES: Readonly<Record<number, string>> = {
  400: "The request could not be read. Reload the page. If that does not help, a proxy or program in between sends malformed HTTP.",
  405: "This server is not a proxy: CONNECT is not supported.",
  408: "The request did not arrive in time. Check your connection and try again.",
  413: "The request is too large. Send less and try again.",
  414: "The address is too long. Shorten it, or start again from the first page of this site.",
  417: "The Expect header of this request is not supported. Send the request without it.",
  431: "The headers of the request are too large, most likely the cookies of this site. Delete the cookies of this site in your browser, then try again.",
  503: "Too many connections are open. Close other tabs and programs that use this site, or try again in a few seconds.",
  505: "This version of HTTP is not supported. Use HTTP/1.1.",
};

/** How long a client may go on sending what nobody will read, so that it gets to read why. */
const LINGER_MILLISECONDS = 1000;

/** Answers in the entry's own name, in the form that the asker understands. Without an objection it is a fault. */
export function reject(answer: EntryResponse, visit: RequestContext, objection: Rejection | null): void {
  const status = objection === null ? 500 : (objection.status ?? REFUSALS[objection.reason].status);
  const body = Buffer.from(bodyFor(visit, status, objection));
  answer.startOver();
  answer.statusCode = status;
  answer.setHeader("Content-Type", contentTypeFor(visit, status));
  answer.setHeader("Content-Length", body.length);
  if (objection?.allow) answer.setHeader("Allow", objection.allow.join(", "));
  if (objection?.retryAfterSeconds !== undefined) answer.setHeader("Retry-After", objection.retryAfterSeconds);

  const { req: request } = answer;
  if (!declaresBody(request) || request.complete) return void answer.end(body);
  answer.setHeader("Connection", "close");
  // Closing while the client still sends would reset the connection before it has read the answer.
  answer.write(body);
  const end = () => answer.end();
  const timer = setTimeout(end, LINGER_MILLISECONDS);
  answer.once("close", () => clearTimeout(timer));
  request.once("end", end).once("error", end).resume();
}

function contentTypeFor(visit: RequestContext, status: number): string {
  if (isJson(visit)) return "application/json; charset=utf-8";
  return isPage(visit, status) ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}

function bodyFor(visit: RequestContext, status: number, objection: Rejection | null): string {
  if (isJson(visit)) return JSON.stringify(errorEnvelope(failedBy(objection), visit.requestId));
  const message = messageFor(objection);
  return isPage(visit, status) ? page(visit, status, message) : `${message}\n`;
}

function messageFor(objection: Rejection | null): string {
  if (objection === null) return FAULT_MESSAGE;
  const message = objection.status === undefined ? undefined : STATUS_MESSAGES[objection.status];
  return message ?? REFUSALS[objection.reason].message;
}

/** A missing built file is no page, and a client with another version of HTTP is no browser. */
function isPage(visit: RequestContext, status: number): boolean {
  return visit.kind === "document" && visit.route !== "static" && status !== 505;
}

function isJson(visit: RequestContext): boolean {
  return visit.route === "call" || visit.route === "health";
}

function failedBy(objection: Rejection | null): Failed {
  return objection && { reason: objection.reason, details: { retryAfterSeconds: objection.retryAfterSeconds } };
}

/** Stands alone: the app that would dress it up may be what failed. Nothing in it was chosen by the client but the sane request id. */
function page(visit: RequestContext, status: number, message: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${message}</title>
<style nonce="${visit.nonce}">
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0; padding: 0 1.5rem; }
h1 { font-size: 1.25rem; } p { opacity: 0.75; }
</style>
</head>
<body>
<main>
<h1>${message}</h1>
<p>Status ${status} · request ${visit.requestId}</p>
<p><a href="/">Back to the start</a></p>
</main>
</body>
</html>
`;
}
