import "server-only";
import type { IncomingHttpHeaders } from "node:http";
import { trimSpacesAndTabs } from "@/server/auth/client/cookie-header";

/** Ambiguous if sent twice: Node keeps the first of some and joins others, while a proxy may use the last. */
const SINGLE_VALUED_HEADERS = new Set([
  "host",
  "origin",
  "content-type",
  "content-length",
  "content-encoding",
  "transfer-encoding",
  "authorization",
  "user-agent",
  "sec-fetch-site",
  "sec-fetch-dest",
]);

/** Sent by the client-side router of Next. Every other header that begins with "next-" is for use between servers. */
export const ROUTER_HEADERS: ReadonlySet<string> = new Set([
  "next-router-state-tree",
  "next-router-prefetch",
  "next-router-segment-prefetch",
  "next-url",
]);

/** Headers by which a client could claim an identity, an address, or a decision of the framework. */
const SPOOFABLE_PREFIXES = [
  "x-portcullis-",
  "x-forwarded",
  "x-middleware-",
  "x-nextjs-",
  "x-next-",
  "x-invoke-",
  "x-invocation-",
  "x-now-",
  "x-vercel-",
  "x-prerender-",
  "x-action-",
  "x-real-",
  "x-client-",
  "x-cluster-client-",
  "x-remote-",
  "x-original-",
  "x-rewrite-",
  "x-user",
  "x-auth",
  "x-session",
  "x-account",
  "x-email",
  "x-role",
  "x-group",
  "x-tenant",
  // Set by authenticating proxies and content delivery networks.
  "x-webauth-",
  "x-goog-",
  "x-amzn-oidc-",
  "x-ms-client-",
  "x-azure-",
  "x-appengine-",
  "x-envoy-external-",
];
const SPOOFABLE_HEADERS = new Set([
  "forwarded",
  "true-client-ip",
  "client-ip",
  "cf-connecting-ip",
  "cf-connecting-ipv6",
  "cf-pseudo-ipv4",
  "cf-access-authenticated-user-email",
  "cf-access-jwt-assertion",
  "fastly-client-ip",
  "fly-client-ip",
  "remote-user",
  "remote-addr",
  "x-matched-path",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  // Next takes the nonce of its scripts from these.
  "content-security-policy",
  "content-security-policy-report-only",
]);

/** Checks raw headers, as [name, value, name, value, …]: exactly one Host, and no duplicates that would be ambiguous. */
export function judgeHeaders(raw: readonly string[], guardedCookies: ReadonlySet<string>): "valid" | "malformed" {
  const seen = new Set<string>();
  const cookies = new Set<string>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    if (SINGLE_VALUED_HEADERS.has(name)) {
      if (seen.has(name)) return "malformed";
      seen.add(name);
    } else if (name === "cookie" && hasDuplicateCookie(raw[at + 1] ?? "", guardedCookies, cookies)) {
      return "malformed";
    }
  }
  return seen.has("host") ? "valid" : "malformed";
}

export function withoutSpoofableHeaders(headers: IncomingHttpHeaders, isDevelopment: boolean): IncomingHttpHeaders {
  const kept: IncomingHttpHeaders = {};
  for (const name in headers) {
    if (!isSpoofable(name) || (isDevelopment && isHotReloadHeader(name))) kept[name] = headers[name];
  }
  return kept;
}

function isSpoofable(name: string): boolean {
  if (name.startsWith("next-")) return !ROUTER_HEADERS.has(name);
  if (SPOOFABLE_HEADERS.has(name)) return true;
  return name.startsWith("x-") && SPOOFABLE_PREFIXES.some((prefix) => name.startsWith(prefix));
}

function isHotReloadHeader(name: string): boolean {
  return name === "next-hmr-refresh" || name === "x-nextjs-request-id" || name === "x-nextjs-html-request-id";
}

/** A duplicate session cookie may have been set by another site, and parsers differ in which of the two they use. */
function hasDuplicateCookie(header: string, guarded: ReadonlySet<string>, seen: Set<string>): boolean {
  for (const pair of header.split(";")) {
    const name = trimSpacesAndTabs(pair.split("=", 1)[0]!);
    if (!guarded.has(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}
