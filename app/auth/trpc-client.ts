"use client";

import { httpBatchLink, httpLink, splitLink, type TRPCLink } from "@trpc/client";
import { createTRPCReact, type CreateTRPCReact } from "@trpc/react-query";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { observable } from "@trpc/server/observable";
import { decideAfterFailure, mayNavigateAgain } from "@/server/auth/policy/call-failures";
import { procedureFacts } from "@/server/auth/policy/procedures";
import { TRPC } from "@/server/auth/policy/routes";
import type { AppRouter } from "@/server/api/router";
import { abortableFetch, wasAborted, onResume } from "./abortable-fetch";
import { methodsOf, reasonOf, statusOf } from "./failure";
import { confirmIdentity } from "./step-up";
import { readTabValue, writeTabValue } from "./tab-storage";

export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;

export const trpc: CreateTRPCReact<AppRouter, unknown> = createTRPCReact<AppRouter>();

const RETRY_INTERVAL_MS = 10_000;

/** Options for a query that its page can do without: errors are shown in place, and the query is retried until it succeeds. */
export const OPTIONAL_QUERY = {
  trpc: { context: { isOptional: true } },
  refetchInterval: (query: { state: { status: string } }) =>
    query.state.status === "error" ? RETRY_INTERVAL_MS : false,
} as const;

const REDIRECTED_AT_KEY = "left-at";

/**
 * Applies the policy for responses: repeats a call once after a 401, then redirects, without redirect loops. Holds a call that requires
 * a step-up until the user has authenticated again, then repeats it; if they do not, the call fails.
 */
const responsePolicyLink: TRPCLink<AppRouter> = () => {
  const succeededBefore = new Set<string>();
  return ({ next, op }) =>
    observable((observer) => {
      let retries = 0;
      let isConfirmed = false;
      let isAbandoned = false;
      let subscription = send();

      function send() {
        const sentAt = performance.now();
        return next(op).subscribe({
          next: (value) => {
            succeededBefore.add(op.path);
            observer.next(value);
          },
          complete: () => observer.complete(),
          error: (error) => {
            if (wasAborted(error)) return onResume(() => (subscription = send()));
            // A page that already shows data is not left; only a page without data redirects.
            const isNavigational = op.type === "query" && !op.context.isOptional && !succeededBefore.has(op.path);
            const path = location.pathname + location.search;
            const [status, reason] = [statusOf(error), reasonOf(error)];
            const decision = decideAfterFailure({ status, reason, isNavigational, retries, isConfirmed, path });
            if (decision.kind === "retry") {
              retries += 1;
              subscription = send();
            } else if (decision.kind === "step-up") {
              void confirmIdentity(sentAt, methodsOf(error)).then((outcome) => {
                if (isAbandoned) return;
                if (outcome === "aborted") return onResume(() => (subscription = send()));
                if (outcome === "cancelled") return observer.error(error);
                isConfirmed = true;
                subscription = send();
              });
            } else if (decision.kind === "report" || !redirectTo(decision.to)) {
              observer.error(error);
            }
          },
        });
      }

      return () => {
        isAbandoned = true;
        subscription.unsubscribe();
      };
    });
};

/** Mutations are not batched; the server rejects a batch with a procedure that does not allow it. */
const isSentAlone = ({ type, path }: { type: string; path: string }) =>
  type === "mutation" || procedureFacts(path)?.batch !== true;

export const links = [
  responsePolicyLink,
  splitLink<AppRouter>({
    condition: isSentAlone,
    true: httpLink({ url: TRPC, fetch: abortableFetch }),
    false: httpBatchLink({ url: TRPC, fetch: abortableFetch, maxItems: 10 }),
  }),
];

/** Returns false if this tab was redirected a moment ago: another redirect would loop. */
function redirectTo(to: string): boolean {
  const redirectedAt = Number(readTabValue(REDIRECTED_AT_KEY)) || null;
  if (!mayNavigateAgain(redirectedAt, Date.now())) return false;
  writeTabValue(REDIRECTED_AT_KEY, String(Date.now()));
  // The server does not see the fragment, so it is appended here.
  location.assign(to + location.hash);
  return true;
}
