import { Notice } from "./notice";
import type { Problem } from "./use-form";
import { Wait } from "./wait";

/** What is wrong with the whole form rather than with one of its fields. */
export function FormProblem({ problem }: { problem: Problem | null }) {
  return (
    <Notice tone="refusal">
      {problem && (
        <>
          {problem.message} {problem.retryAfterSeconds ? <Wait seconds={problem.retryAfterSeconds} /> : null}
        </>
      )}
    </Notice>
  );
}
