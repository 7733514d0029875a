import "server-only";
import type { IncomingMessage } from "node:http";
import { MAILBOX, TRPC } from "@/server/auth/policy/routes";
import { isLocalHost, isLoopbackHost } from "@/server/runtime/loopback-host";
import { judgeDeclaredBody } from "./body";
import { judgeHeaders } from "./inbound-headers";
import { allowedMethods } from "./methods";
import type { Rejection } from "./reject";
import { isFrameworkInternal, judgeTarget } from "./request-target";
import type { RequestContext } from "./request-context";

export interface RequestRules {
  guardedCookies: ReadonlySet<string>;
  isCorsEnabled: boolean;
  hasMailbox: boolean;
}

/** For any other path below it Next would respond with a page or a redirect. */
const PROCEDURE_PATH = new RegExp(`^${TRPC}/[^/]+$`);

/** Checks a request before the app sees it. Null if it may be forwarded. */
export function judgeRequest(request: IncomingMessage, context: RequestContext, rules: RequestRules): Rejection | null {
  if (context.quota?.isExceeded) return { reason: "RATE_LIMITED", retryAfterSeconds: context.quota.resetSeconds };

  // Node's parser accepts 0.9 and 2.0 in a request line and treats them as 1.1.
  if (request.httpVersionMajor !== 1) return { reason: "BAD_INPUT", status: 505 };
  const target = judgeTarget(request.url ?? "");
  if (target === "too long") return { reason: "TOO_LARGE", status: 414 };
  if (target === "malformed") return { reason: "BAD_INPUT", status: 400 };
  if (judgeHeaders(request.rawHeaders, rules.guardedCookies) === "malformed")
    return { reason: "BAD_INPUT", status: 400 };
  if (context.isDevelopmentTool) return null;

  if (isNotFound(context)) return { reason: "NOT_FOUND" };
  const isMailbox = rules.hasMailbox && context.path.startsWith(MAILBOX);
  if (isMailbox && !isFromThisMachine(request, context)) return { reason: "NOT_FOUND" };
  const allow = allowedMethods(context.route, rules.isCorsEnabled);
  if (!allow.includes(request.method ?? "")) return { reason: "METHOD_NOT_ALLOWED", allow };
  // WebSocket is not supported; a server may ignore other upgrades (RFC 9110, section 7.8).
  if (request.headers.upgrade?.toLowerCase() === "websocket") return { reason: "BAD_INPUT" };
  const { expect } = request.headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") return { reason: "BAD_INPUT", status: 417 };

  switch (judgeDeclaredBody(request)) {
    case "too large":
      return { reason: "TOO_LARGE" };
    case "unsupported encoding":
      return { reason: "NOT_JSON" };
    case "not allowed":
      return { reason: "BAD_INPUT" };
    case "valid":
      return null;
  }
}

function isNotFound({ route, path, isMissingFile }: RequestContext): boolean {
  if (isMissingFile) return true;
  if (route === "call") return !PROCEDURE_PATH.test(path);
  return route !== "static" && isFrameworkInternal(path);
}

/** Mails contain links to accounts. The Host header of a page that a rebound DNS name loads from this machine is that name. */
function isFromThisMachine({ headers }: IncomingMessage, { address }: RequestContext): boolean {
  const hostname = URL.parse(`http://${headers.host}`)?.hostname ?? "";
  return isLocalHost(hostname) && isLoopbackHost(address.includes(":") ? `[${address}]` : address);
}
