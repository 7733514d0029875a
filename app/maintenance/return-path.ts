import { safeNextPath } from "@/server/auth/policy/next-path";
import { HOME, MAINTENANCE } from "@/server/auth/policy/routes";

/** Where to return to. Never this page itself: it would return to itself for ever. */
export function returnPath(next: string | string[] | undefined): string {
  const path = safeNextPath(typeof next === "string" ? next : null);
  return path.split(/[?#]/, 1)[0]?.startsWith(MAINTENANCE) ? HOME : path;
}
