import "server-only";
import type { RouteKind } from "@/server/auth/policy/routes";

const READING = ["GET", "HEAD"];
const CALLING = ["GET", "POST"];
const CALLING_FROM_ELSEWHERE = [...CALLING, "OPTIONS"];

/** The methods a kind of address takes. The framework alone would answer PUT on a page with the page. */
export function allowedMethods(route: RouteKind, isOpenToOtherOrigins: boolean): readonly string[] {
  if (route !== "call") return READING;
  return isOpenToOtherOrigins ? CALLING_FROM_ELSEWHERE : CALLING;
}
