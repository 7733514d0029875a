import "server-only";
import { recordQuota } from "@/server/runtime/request-state";
import { quotaOf, SlidingWindows } from "@/server/runtime/sliding-windows";
import { Refusal } from "@/server/auth/policy/refusals";

const LIMIT = { hitsAtMost: 60, windowSeconds: 60 };

// Counted per process: an exact count for all instances would cost a statement per refresh. On globalThis: middleware and routes are
// separate bundles of one process.
const WINDOWS = Symbol.for("portcullis.refresh-windows");
const shared = globalThis as typeof globalThis & { [WINDOWS]?: SlidingWindows };
const windows = (shared[WINDOWS] ??= new SlidingWindows(LIMIT.hitsAtMost));

/** 60 refreshes per minute and session. Refuses above that, without a database statement. */
export function consumeRefreshLimit(sessionId: string, now: Date): void {
  const hits = windows.hit(sessionId, LIMIT, now.getTime());
  const quota = quotaOf(LIMIT.hitsAtMost, hits, now.getTime());
  recordQuota(quota);
  if (quota.isExceeded) throw new Refusal("RATE_LIMITED", { retryAfterSeconds: quota.resetSeconds });
}
