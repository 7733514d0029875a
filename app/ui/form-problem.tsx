"use client";

import { useEffect, useRef } from "react";
import { Notice } from "./notice";
import type { Problem } from "./use-form";
import { Countdown } from "./countdown";

/** What is wrong with the whole form rather than with one of its fields. Goes last: there it pushes nothing aside. */
export function FormProblem({ problem }: { problem: Problem | null }) {
  const box = useRef<HTMLDivElement>(null);

  // Behind the keyboard of a phone nobody would see it.
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
