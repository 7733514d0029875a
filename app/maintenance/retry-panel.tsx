"use client";

import { useEffect, useState } from "react";
import { Button } from "@/app/ui/button";
import { type Retry, useRetry } from "./use-retry";

export function RetryPanel({ status, next }: { status: number; next: string }) {
  const retry = useRetry(status, next);
  const seconds = useSecondsUntil(retry.nextAttemptAt);

  return (
    <div
      className="mt-8 flex flex-wrap items-center gap-x-6 gap-y-4 noscript:hidden"
      data-pending={retry.state === "returning"}
    >
      <Button
        variant="solid"
        pending={retry.state !== "waiting"}
        pendingLabel={retry.state === "returning" ? "Taking you back…" : "Checking…"}
        onClick={retry.retryNow}
        className="min-w-40"
      >
        Retry now
      </Button>
      <p className="figures text-quiet">{describeNextAttempt(retry, seconds)}</p>
      <p className="sr-only" role="status">
        {retry.failures > 0 &&
          `Still unavailable after ${retry.failures} ${retry.failures === 1 ? "attempt" : "attempts"}.`}
      </p>
    </div>
  );
}

function describeNextAttempt({ state, nextAttemptAt }: Retry, seconds: number | null): string {
  if (state !== "waiting" || nextAttemptAt === null || seconds === null) return "";
  return seconds > 0 ? `Retrying in ${seconds} s` : "Retrying now";
}

/** Null until the first tick. */
function useSecondsUntil(at: number | null): number | null {
  const [countdown, setCountdown] = useState<{ at: number; seconds: number } | null>(null);
  useEffect(() => {
    if (at === null) return;
    const count = () => setCountdown({ at, seconds: Math.max(0, Math.ceil((at - Date.now()) / 1000)) });
    count();
    const timer = setInterval(count, 250);
    return () => clearInterval(timer);
  }, [at]);
  return countdown !== null && countdown.at === at ? countdown.seconds : null;
}
