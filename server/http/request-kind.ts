import "server-only";
import type { IncomingHttpHeaders } from "node:http";
import type { RouteKind } from "@/server/auth/policy/routes";

/** A full page load, a request of the client-side router, or an API call. */
export type RequestKind = "document" | "soft" | "call";

/** Determined here because Next removes the router's headers before the middleware runs. */
export function kindOfRequest(route: RouteKind, headers: IncomingHttpHeaders): RequestKind {
  if (route === "call") return "call";
  const isSoft =
    headers["rsc"] !== undefined ||
    headers["next-router-state-tree"] !== undefined ||
    headers["next-router-prefetch"] !== undefined ||
    headers["next-router-segment-prefetch"] !== undefined ||
    headers["sec-fetch-dest"] === "empty";
  return isSoft ? "soft" : "document";
}
