import "server-only";
import type { IncomingHttpHeaders } from "node:http";
import type { RouteKind } from "@/server/auth/policy/routes";

/** A document fills a tab; a soft navigation fills a part of one; a call is made by code. */
export type RequestKind = "document" | "soft" | "call";

/** Told here because Next hides its router's headers from the middleware. */
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
