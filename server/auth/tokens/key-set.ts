import "server-only";
import { hash } from "node:crypto";
import { KEY_SET_MAX_AGE_SECONDS } from "@/server/auth/policy/lifetimes";
import { hasKeyFeedStarted, publishedKeys } from "./bearer-key-feed";

/** The keys that bearer tokens are verified with (RFC 7517, section 5). Reads neither the database nor a cookie. */
export function respondWithKeySet(ifNoneMatch: string | null, now: Date): Response {
  if (!hasKeyFeedStarted()) return new Response(null, { status: 503, headers: { "retry-after": "1" } });
  const body = JSON.stringify({ keys: publishedKeys(now) });
  const etag = `"${hash("sha256", body, "base64url")}"`;
  const headers = { etag, "cache-control": `public, max-age=${KEY_SET_MAX_AGE_SECONDS}` };
  if (matches(ifNoneMatch, etag)) return new Response(null, { status: 304, headers });
  return new Response(body, { headers: { ...headers, "content-type": "application/jwk-set+json" } });
}

/** By the weak comparison (RFC 9110, section 13.1.2): a proxy that compresses marks the tag as weak. */
function matches(ifNoneMatch: string | null, etag: string): boolean {
  const tags = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
