import "server-only";
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { ADDRESS_HEADER } from "@/server/runtime/entry-headers";

/** Two redirects each, and one browser follows sixteen. */
const MAX_REDIRECTS = 4;
const WINDOW_MILLISECONDS = 10_000;

/** Hops of one set of cookies to one page, a short while back. */
const redirectCounts = new LRUCache<string, { since: number; count: number }>({ max: 10_000 });

/**
 * Whether these very cookies have been asked away so often that the browser seems to keep them: it refuses to drop one, or
 * somebody else set it where we cannot reach it. An honest browser comes once a page, and with other cookies the next time.
 */
export function isRedirectLoop(headers: Headers, next: string, now: Date): boolean {
  // Worthless cookies may be the same in many browsers.
  const who = [ADDRESS_HEADER, "user-agent", "cookie"].map((name) => headers.get(name));
  const key = createHash("sha256")
    .update(JSON.stringify([...who, next]))
    .digest("base64");
  const known = redirectCounts.get(key);
  const isRecent = known !== undefined && now.getTime() - known.since < WINDOW_MILLISECONDS;
  const current = isRecent ? known : { since: now.getTime(), count: 0 };
  current.count += 1;
  redirectCounts.set(key, current);
  return current.count > MAX_REDIRECTS;
}
