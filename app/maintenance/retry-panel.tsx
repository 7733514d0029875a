"use client";

import { useEffect, useState } from "react";
import { Button } from "@/app/ui/button";
import { type Retry as ComebackState, useRetry } from "./use-retry";

export function RetryPanel({ status, next }: { status: number; next: string }) {
  const comeback = useRetry(status, next);
  const seconds = useSecondsUntil(comeback.nextTryAt);

  return (
    <div className="mt-8 flex flex-wrap items-center gap-x-6 gap-y-4" data-pending={comeback.state === "returning"}>
      <Button
        look="solid"
        pending={comeback.state !== "waiting"}
        pendingLabel={comeback.state === "returning" ? "Taking you back…" : "Checking…"}
        onClick={comeback.tryNow}
        className="min-w-40"
      >
        Try now
      </Button>
      <p className="figures text-quiet">{describePlan(comeback, seconds)}</p>
      <p className="sr-only" role="status">
        {comeback.failures > 0 && `Still not available after ${comeback.failures} tries.`}
      </p>
    </div>
  );
}

function describePlan({ state, nextTryAt }: ComebackState, seconds: number | null): string {
  if (state !== "waiting" || nextTryAt === null || seconds === null) return "";
  return seconds > 0 ? `Next try in ${seconds} s` : "Next try now";
}

/** Null until it has been counted. */
function useSecondsUntil(at: number | null): number | null {
  const [counted, setCounted] = useState<{ at: number; seconds: number } | null>(null);
  useEffect(() => {
    if (at === null) return;
    const count = () => setCounted({ at, seconds: Math.max(0, Math.ceil((at - Date.now()) / 1000)) });
    count();
    const timer = setInterval(count, 250);
    return () => clearInterval(timer);
  }, [at]);
  return counted !== null && counted.at === at ? counted.seconds : null;
}
