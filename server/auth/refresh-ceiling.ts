import "server-only";
import { LRUCache } from "lru-cache";
import { noteQuota } from "@/server/request-notes";
import { Refusal } from "./policy/refusals";

const REFRESHES_AT_MOST = 60;
const WINDOW_MILLISECONDS = 60_000;

/** Counted in the process: an exact count for all instances would cost the statement that refreshing is meant to save. */
const windows = new LRUCache<string, { startedAt: number; spent: number }>({ max: 50_000 });

/** 60 refreshes a minute and session. Refuses above that, before the database is asked. */
export function spendRefresh(sessionId: string, now: Date): void {
  const current = windows.get(sessionId);
  const isOver = current === undefined || Math.abs(now.getTime() - current.startedAt) >= WINDOW_MILLISECONDS;
  const window = isOver ? { startedAt: now.getTime(), spent: 0 } : current;
  window.spent += 1;
  windows.set(sessionId, window);

  const limit = REFRESHES_AT_MOST;
  const isExceeded = window.spent > limit;
  const resetSeconds = Math.max(1, Math.ceil((window.startedAt + WINDOW_MILLISECONDS - now.getTime()) / 1000));
  noteQuota({ isExceeded, limit, remaining: Math.max(0, limit - window.spent), resetSeconds });
  if (isExceeded) throw new Refusal("RATE_LIMITED", { retryAfterSeconds: resetSeconds });
}
