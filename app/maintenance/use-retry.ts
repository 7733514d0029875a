"use client";

import { useEffect, useRef, useState } from "react";
import { readTabValue, writeTabValue } from "@/app/auth/tab-storage";
import { withFragment } from "@/server/auth/policy/next-path";
import { HEALTH_READY } from "@/server/auth/policy/routes";
import { backoffSeconds, countFailedReturns, minimumDelaySeconds, type ReturnHistory } from "./retry-schedule";

const TIMEOUT_MS = 6_000;
const RETURNS_KEY = "returns";

export interface Retry {
  state: "waiting" | "checking" | "returning";
  /** Null while no attempt is scheduled: before the first render and while the tab is hidden. */
  nextAttemptAt: number | null;
  /** Attempts that found the service unavailable. */
  failures: number;
  retryNow: () => void;
}

/** Polls readiness with exponential backoff while the tab is visible, and returns to `next` once the service is ready. */
export function useRetry(status: number, next: string): Retry {
  const [state, setState] = useState<Omit<Retry, "retryNow">>({ state: "waiting", nextAttemptAt: null, failures: 0 });
  const retryNow = useRef(() => {});

  useEffect(() => {
    const unmounted = new AbortController();
    const earliestAt = Date.now() + minimumDelaySeconds(status, failedReturns(Date.now())) * 1000;
    let timer: ReturnType<typeof setTimeout>;
    let failures = 0;
    let checking = false;

    function schedule() {
      const at = Math.max(earliestAt, Date.now() + backoffSeconds(failures, Math.random()) * 1000);
      clearTimeout(timer);
      if (document.hidden) return setState({ state: "waiting", nextAttemptAt: null, failures });
      timer = setTimeout(check, at - Date.now());
      setState({ state: "waiting", nextAttemptAt: at, failures });
    }

    async function check() {
      if (checking) return;
      checking = true;
      clearTimeout(timer);
      setState({ state: "checking", nextAttemptAt: null, failures });
      const ready = await isReady(unmounted.signal);
      checking = false;
      if (unmounted.signal.aborted) return;
      if (ready) {
        setState({ state: "returning", nextAttemptAt: null, failures });
        recordReturn(Date.now());
        return location.replace(withFragment(next, location.hash));
      }
      failures += 1;
      schedule();
    }

    /** On becoming visible or online: checks now, but not before the minimum delay. */
    function retryEarly() {
      if (document.hidden) return clearTimeout(timer);
      if (Date.now() >= earliestAt) void check();
      else schedule();
    }

    retryNow.current = check;
    document.addEventListener("visibilitychange", retryEarly, unmounted);
    addEventListener("online", retryEarly, unmounted);
    schedule();
    return () => {
      clearTimeout(timer);
      unmounted.abort();
    };
  }, [status, next]);

  return { ...state, retryNow: () => retryNow.current() };
}

async function isReady(unmounted: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([unmounted, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const { ok } = await fetch(HEALTH_READY, { cache: "no-store", signal });
    return ok;
  } catch {
    // A network error or a timeout counts as not ready.
    return false;
  }
}

function failedReturns(now: number): number {
  const [count, lastAt] = (readTabValue(RETURNS_KEY)?.match(/\d+/g) ?? []).map(Number);
  return countFailedReturns(count === undefined || lastAt === undefined ? null : { count, lastAt }, now);
}

function recordReturn(now: number): void {
  const history: ReturnHistory = { count: failedReturns(now) + 1, lastAt: now };
  writeTabValue(RETURNS_KEY, JSON.stringify(history));
}
