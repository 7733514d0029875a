/** Every address this product answers, by name. */
export const ROOT = "/";
export const LOGIN = "/login";
export const REGISTER = "/register";
export const RESUME = "/resume";
export const MAINTENANCE = "/maintenance";
export const HOME = "/dashboard";
export const SESSIONS = "/dashboard/sessions";
export const ACCOUNT = "/dashboard/account";
export const CALLS = "/api/trpc";
export const HEALTH = "/health";
export const HEALTH_LIVE = "/api/health/live";
export const HEALTH_READY = "/api/health/ready";
export const STATIC = "/_next/static";
export const ICON = "/icon.svg";

/** A page below one of these needs a signed-in caller. Add your own here. */
export const PRIVATE_AREAS = [HOME] as const;

export type RouteKind = "private" | "guest" | "root" | "call" | "health" | "static" | "open";

/** What kind of address a path is. `path` has no query. Unknown paths are open: they end in a 404. */
export function classifyRoute(path: string): RouteKind {
  if (path === ROOT) return "root";
  if (path === LOGIN || path === REGISTER) return "guest";
  if (PRIVATE_AREAS.some((area) => isAtOrBelow(path, area))) return "private";
  if (isAtOrBelow(path, CALLS)) return "call";
  if (path === HEALTH || path === HEALTH_LIVE || path === HEALTH_READY) return "health";
  if (isAtOrBelow(path, STATIC) || path === ICON) return "static";
  return "open";
}

function isAtOrBelow(path: string, area: string): boolean {
  return path === area || path.startsWith(`${area}/`);
}
