import { createTRPCClient, httpLink } from "@trpc/client";
import { TRPC, END_TOKEN_HEADER } from "@/server/auth/policy/routes";
import type { AppRouter } from "@/server/api/router";
import { abortableFetch } from "./abortable-fetch";

/** Login, register, logout: one call a request, without the query machinery that only the member area needs. */
export const authClient = createTRPCClient<AppRouter>({
  links: [httpLink({ url: TRPC, fetch: abortableFetch, headers: { [END_TOKEN_HEADER]: "1" } })],
});
