"use client";

import { useEffect, useState } from "react";

/** Counts down to the next attempt. Screen readers read only the initial value. */
export function Countdown({ seconds }: { seconds: number }) {
  const [left, setLeft] = useState(seconds);

  useEffect(() => {
    const until = Date.now() + seconds * 1000;
    const timer = setInterval(() => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000))), 250);
    return () => clearInterval(timer);
  }, [seconds]);

  return (
    <>
      <span className="sr-only">You can try again in {formatWait(seconds)}.</span>
      <span className="figures" aria-hidden="true">
        {left > 0 ? `You can try again in ${formatWait(left)}.` : "You can try again now."}
      </span>
    </>
  );
}

function formatWait(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
