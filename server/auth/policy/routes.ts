/** Every path that this product serves, by name. */
export const ROOT = "/";
export const LOGIN = "/login";
export const REGISTER = "/register";
/** The second step of a login. */
export const SECOND_FACTOR = "/second-factor";
export const FORGOT_PASSWORD = "/forgot-password";
export const VERIFY_EMAIL = "/verify-email";
export const RESUME = "/resume";
export const MAINTENANCE = "/maintenance";
export const HOME = "/dashboard";
export const SESSIONS = "/dashboard/sessions";
export const ACCOUNT = "/dashboard/account";
export const SECURITY = "/dashboard/security";
/** Confirms every kind of link; the token is in the fragment, which no log or proxy receives. */
export const CONFIRM = "/confirm";
/** Shown after a user has requested the deletion of the account. */
export const ACCOUNT_DELETED = "/account-deleted";
export const TRPC = "/api/trpc";
export const HEALTH = "/health";
export const HEALTH_LIVE = "/api/health/live";
export const HEALTH_READY = "/api/health/ready";
/** The public keys of bearer tokens, for services that verify them (RFC 7517). */
export const KEY_SET = "/.well-known/jwks.json";
/** Mails that are written to files instead of sent. */
export const MAILBOX = "/dev/mailbox";
export const STATIC = "/_next/static";
/** Sent by our own forms, which end a new session again if the browser did not store its cookies. */
export const END_TOKEN_HEADER = "end-token-wanted";
export const ICON = "/icon.svg";

/** A page below one of these needs a signed-in caller. Add your own here. */
export const PRIVATE_AREAS = [HOME] as const;

/** Paths below these serve programs and the framework, not pages. Add your own route handlers here. */
export const AREAS_WITHOUT_PAGES: readonly string[] = ["/api", "/_next", "/.well-known"];

/** Files and images that Next.js serves from the root of `app` by its metadata conventions. */
const METADATA_FILE =
  /^\/((favicon|icon\d*|robots|sitemap|manifest)\.[a-z]+|(apple-icon|opengraph-image|twitter-image)\d*(\.[a-z]+)?)$/;

export type RouteKind = "private" | "guest" | "verification" | "root" | "call" | "health" | "static" | "keys" | "open";

/** Classifies a path, which has no query. Unknown paths are open: they end in a 404. */
export function classifyRoute(path: string): RouteKind {
  if (path === ROOT) return "root";
  if (path === LOGIN || path === REGISTER || path === SECOND_FACTOR) return "guest";
  if (path === VERIFY_EMAIL) return "verification";
  if (PRIVATE_AREAS.some((area) => isAtOrBelow(path, area))) return "private";
  if (isAtOrBelow(path, TRPC)) return "call";
  if (path === HEALTH || path === HEALTH_LIVE || path === HEALTH_READY) return "health";
  if (isAtOrBelow(path, STATIC) || path === ICON) return "static";
  if (path === KEY_SET) return "keys";
  return "open";
}

/**
 * Whether a redirect may lead to a path: a "page", or "forwards" for one that redirects to a `next` of its own. Unknown
 * paths are pages, so that new pages need no entry here. Case and a trailing slash are ignored.
 */
export function classifyDestination(path: string): "page" | "forwards" | "no page" {
  const plain = path.toLowerCase().replace(/\/+$/, "") || ROOT;
  if ([LOGIN, REGISTER, VERIFY_EMAIL, RESUME, MAINTENANCE].includes(plain)) return "forwards";
  if (AREAS_WITHOUT_PAGES.some((area) => isAtOrBelow(plain, area)) || METADATA_FILE.test(plain)) return "no page";
  const kind = classifyRoute(plain);
  return kind === "private" || kind === "root" || kind === "open" ? "page" : "no page";
}

function isAtOrBelow(path: string, area: string): boolean {
  return path === area || path.startsWith(`${area}/`);
}
