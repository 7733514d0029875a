"use client";

import { useEffect, useRef, useState } from "react";
import { readTabMemory, writeTabMemory } from "@/app/auth/tab-storage";
import { withFragment } from "@/server/auth/policy/next-path";
import { HEALTH_READY } from "@/server/auth/policy/routes";
import { countRelapses, quietSeconds, waitSeconds, type Returns } from "./retry-schedule";

const ANSWER_WITHIN_MS = 6_000;
const RETURNS_KEY = "returns";

export interface Retry {
  state: "waiting" | "checking" | "returning";
  /** Null while nothing is planned: before the first plan, or while nobody looks. */
  nextTryAt: number | null;
  /** Tries that found the service still away. */
  failures: number;
  tryNow: () => void;
}

/** Asks whether the service is back, ever more rarely and only while somebody looks, and then returns to `next`. */
export function useRetry(status: number, next: string): Retry {
  const [shown, setShown] = useState<Omit<Retry, "tryNow">>({ state: "waiting", nextTryAt: null, failures: 0 });
  const tryNow = useRef(() => {});

  useEffect(() => {
    const gone = new AbortController();
    const quietUntil = Date.now() + quietSeconds(status, relapses(Date.now())) * 1000;
    let timer: ReturnType<typeof setTimeout>;
    let failures = 0;
    let checking = false;

    function plan() {
      const at = Math.max(quietUntil, Date.now() + waitSeconds(failures, Math.random()) * 1000);
      clearTimeout(timer);
      if (document.hidden) return setShown({ state: "waiting", nextTryAt: null, failures });
      timer = setTimeout(check, at - Date.now());
      setShown({ state: "waiting", nextTryAt: at, failures });
    }

    async function check() {
      if (checking) return;
      checking = true;
      clearTimeout(timer);
      setShown({ state: "checking", nextTryAt: null, failures });
      const ready = await isReady(gone.signal);
      checking = false;
      if (gone.signal.aborted) return;
      if (ready) {
        setShown({ state: "returning", nextTryAt: null, failures });
        rememberReturn(Date.now());
        return location.replace(withFragment(next, location.hash));
      }
      failures += 1;
      plan();
    }

    /** Something changed for the better, so the next try need not wait; but what has to be left alone, is. */
    function hasten() {
      if (document.hidden) return clearTimeout(timer);
      if (Date.now() >= quietUntil) void check();
      else plan();
    }

    tryNow.current = check;
    document.addEventListener("visibilitychange", hasten, gone);
    addEventListener("online", hasten, gone);
    plan();
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [status, next]);

  return { ...shown, tryNow: () => tryNow.current() };
}

async function isReady(gone: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([gone, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  try {
    const { ok } = await fetch(HEALTH_READY, { cache: "no-store", signal });
    return ok;
  } catch {
    // Not reached, or not in time: both mean "not yet".
    return false;
  }
}

function relapses(now: number): number {
  const [count, lastAt] = (readTabMemory(RETURNS_KEY)?.match(/\d+/g) ?? []).map(Number);
  return countRelapses(count === undefined || lastAt === undefined ? null : { count, lastAt }, now);
}

function rememberReturn(now: number): void {
  const returns: Returns = { count: relapses(now) + 1, lastAt: now };
  writeTabMemory(RETURNS_KEY, JSON.stringify(returns));
}
