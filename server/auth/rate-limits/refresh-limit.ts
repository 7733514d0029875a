import "server-only";
import { LRUCache } from "lru-cache";
import { recordQuota } from "@/server/runtime/request-state";
import { Refusal } from "@/server/auth/policy/refusals";
import { SlidingWindow } from "@/server/runtime/sliding-windows";

const LIMIT = { hitsAtMost: 60, windowSeconds: 60 };

// Counted per process: an exact count for all instances would cost a statement per refresh. On globalThis: middleware and routes are
// separate bundles of one process.
const WINDOWS = Symbol.for("portcullis.refresh-windows");
const shared = globalThis as typeof globalThis & { [WINDOWS]?: LRUCache<string, SlidingWindow> };
const windows = (shared[WINDOWS] ??= new LRUCache({ max: 50_000 }));

/** 60 refreshes per minute and session. Refuses above that, without a database statement. */
export function consumeRefreshLimit(sessionId: string, now: Date): void {
  const window = windows.get(sessionId) ?? new SlidingWindow(LIMIT.hitsAtMost);
  windows.set(sessionId, window);
  const { hits, resetsAt } = window.hit(LIMIT, now.getTime());

  const limit = LIMIT.hitsAtMost;
  const isExceeded = hits > limit;
  const resetSeconds = Math.max(1, Math.ceil((resetsAt - now.getTime()) / 1000));
  recordQuota({ isExceeded, limit, remaining: Math.max(0, limit - hits), resetSeconds });
  if (isExceeded) throw new Refusal("RATE_LIMITED", { retryAfterSeconds: resetSeconds });
}
