import "server-only";
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { ADDRESS_HEADER } from "@/server/runtime/entry-headers";

/** Each round is two redirects, and one browser follows only sixteen. */
const MAX_REDIRECTS = 4;
const WINDOW_MILLISECONDS = 10_000;

/** Recent rounds by client, cookies and destination. */
const redirectCounts = new LRUCache<string, { since: number; count: number }>({ max: 10_000 });

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
  const known = redirectCounts.get(key);
  const isRecent = known !== undefined && now.getTime() - known.since < WINDOW_MILLISECONDS;
  const current = isRecent ? known : { since: now.getTime(), count: 0 };
  current.count += 1;
  redirectCounts.set(key, current);
  return current.count > MAX_REDIRECTS;
}
