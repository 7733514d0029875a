"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { statusOf } from "./failure";
import { StepUpDialog } from "./step-up-dialog";
import { links, trpc } from "./trpc-client";

const NETWORK_ERROR_RETRIES = 2;

/** Provides typed hooks for private pages, like `trpc.sessions.list.useQuery()`, and the dialog of a step-up. Needs an <AuthProvider>. */
export function TrpcProvider({ children }: { children: ReactNode }) {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          // Retry only without a response: an error response is final.
          queries: { retry: (count, error) => statusOf(error) === null && count < NETWORK_ERROR_RETRIES },
        },
      }),
  );
  const [client] = useState(() => trpc.createClient({ links }));
  return (
    <trpc.Provider client={client} queryClient={queries}>
      <QueryClientProvider client={queries}>
        {children}
        <StepUpDialog />
      </QueryClientProvider>
    </trpc.Provider>
  );
}
