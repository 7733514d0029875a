import { createTRPCClient, httpLink } from "@trpc/client";
import { TRPC, END_TOKEN_HEADER } from "@/server/auth/policy/routes";
import type { AppRouter } from "@/server/api/router";
import { abortableFetch } from "./abortable-fetch";

/** The client for login, register and logout: no batching, and no React Query in the bundle of guest pages. */
export const authClient = createTRPCClient<AppRouter>({
  links: [httpLink({ url: TRPC, fetch: abortableFetch, headers: { [END_TOKEN_HEADER]: "1" } })],
});
