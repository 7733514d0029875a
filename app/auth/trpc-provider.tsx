"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { statusOf } from "./failure";
import { links, trpc } from "./trpc-client";

const NETWORK_ERROR_RETRIES = 2;

/** Typed calls for the member area: `trpc.sessions.list.useQuery()` and its like. */
export function TrpcProvider({ children }: { children: ReactNode }) {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          // An answer is an answer; only silence is worth asking again.
          queries: { retry: (count, error) => statusOf(error) === null && count < NETWORK_ERROR_RETRIES },
        },
      }),
  );
  const [client] = useState(() => trpc.createClient({ links }));
  return (
    <trpc.Provider client={client} queryClient={queries}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </trpc.Provider>
  );
}
