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
import { statusOf } from "./failure";
import { readTabValue, writeTabValue } from "./tab-storage";

export type RouterInputs = inferRouterInputs<AppRouter>;
export type RouterOutputs = inferRouterOutputs<AppRouter>;

export const trpc: CreateTRPCReact<AppRouter, unknown> = createTRPCReact<AppRouter>();

const RETRY_INTERVAL_MS = 10_000;

/** For a query that its page stands without: it fails in place, and is asked again until it is answered. */
export const OPTIONAL_QUERY = {
  trpc: { context: { isOptional: true } },
  refetchInterval: (query: { state: { status: string } }) =>
    query.state.status === "error" ? RETRY_INTERVAL_MS : false,
} as const;

const REDIRECTED_AT_KEY = "left-at";

/** Follows the same policy as the gate: repeat a 401 once, then leave for the page that can help, but never in circles. */
const responsePolicyLink: TRPCLink<AppRouter> = () => {
  const succeededBefore = new Set<string>();
  return ({ next, op }) =>
    observable((observer) => {
      let retries = 0;
      let subscription = send();

      function send() {
        return next(op).subscribe({
          next: (value) => {
            succeededBefore.add(op.path);
            observer.next(value);
          },
          complete: () => observer.complete(),
          error: (error) => {
            if (wasAborted(error)) return onResume(() => (subscription = send()));
            // What is on the screen already stays there: only a page with nothing to show is left.
            const isNavigational = op.type === "query" && !op.context.isOptional && !succeededBefore.has(op.path);
            const path = location.pathname + location.search;
            const decision = decideAfterFailure({ status: statusOf(error), isNavigational, retries, path });
            if (decision.kind === "retry") {
              retries += 1;
              subscription = send();
            } else if (decision.kind === "report" || !redirectTo(decision.to)) {
              observer.error(error);
            }
          },
        });
      }

      return () => subscription.unsubscribe();
    });
};

/** A mutation goes at once and by itself; the server refuses a batch with a procedure that may not stand in one. */
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

/** False if this tab left for a failed call a moment ago: then leaving does not help. */
function redirectTo(to: string): boolean {
  const redirectedAt = Number(readTabValue(REDIRECTED_AT_KEY)) || null;
  if (!mayNavigateAgain(redirectedAt, Date.now())) return false;
  writeTabValue(REDIRECTED_AT_KEY, String(Date.now()));
  // The fragment never reaches the server: it is carried from address to address.
  location.assign(to + location.hash);
  return true;
}
