import { safeNextPath } from "@/server/auth/policy/next-path";

/** Where to return to. Never this page itself: it leads on, so that only the end of a chain counts. */
export function returnPath(next: string | string[] | undefined): string {
  return safeNextPath(typeof next === "string" ? next : null);
}
