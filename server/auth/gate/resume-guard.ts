import "server-only";
import { createHash } from "node:crypto";
import { ADDRESS_HEADER } from "@/server/runtime/entry-headers";
import { SlidingWindows } from "@/server/runtime/sliding-windows";

/** Each round is two redirects, and one browser follows only sixteen. */
const MAX_REDIRECTS = 4;
const WINDOW_SECONDS = 10;

/** Recent rounds by client, cookies and destination. */
const redirects = new SlidingWindows(MAX_REDIRECTS, 10_000);

/**
 * Whether the same cookies came back so often that the browser does not delete them: it refuses to, or the cookie was set
 * with a domain or path that we cannot overwrite. A browser that deletes them comes once per page, and with other cookies
 * the next time.
 */
export function isRedirectLoop(headers: Headers, next: string, now: Date): boolean {
  // Invalid cookies may be identical in many browsers.
  const identity = [ADDRESS_HEADER, "user-agent", "cookie"].map((name) => headers.get(name));
  const key = createHash("sha256")
    .update(JSON.stringify([...identity, next]))
    .digest("base64");
  const limit = { hitsAtMost: MAX_REDIRECTS, windowSeconds: WINDOW_SECONDS };
  return redirects.hit(key, limit, now.getTime()).hits > MAX_REDIRECTS;
}
