"use client";

import { useEffect, useRef } from "react";
import { Notice } from "./notice";
import type { Problem } from "./use-form";
import { Countdown } from "./countdown";

/** An error of the whole form. Placed last in the form, so that it moves no other element. */
export function FormProblem({ problem }: { problem: Problem | null }) {
  const box = useRef<HTMLDivElement>(null);

  // On a phone it could be hidden behind the keyboard.
  useEffect(() => {
    if (problem) box.current?.scrollIntoView({ block: "nearest" });
  }, [problem]);

  return (
    <div ref={box} className="scroll-my-6">
      <Notice tone="refusal">
        {problem && (
          <>
            {problem.message} {problem.retryAfterSeconds ? <Countdown seconds={problem.retryAfterSeconds} /> : null}
            {problem.link ? (
              <a className="link mt-1 block w-fit" href={problem.link.href}>
                {problem.link.text}
              </a>
            ) : null}
          </>
        )}
      </Notice>
    </div>
  );
}
