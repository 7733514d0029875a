import "server-only";
import type { RouteKind } from "@/server/auth/policy/routes";

const PAGE_METHODS = ["GET", "HEAD"];
const CALL_METHODS = ["GET", "POST"];
const CORS_CALL_METHODS = [...CALL_METHODS, "OPTIONS"];

/** Next itself would respond to PUT on a page with the page. */
export function allowedMethods(route: RouteKind, isCorsEnabled: boolean): readonly string[] {
  if (route !== "call") return PAGE_METHODS;
  return isCorsEnabled ? CORS_CALL_METHODS : CALL_METHODS;
}
