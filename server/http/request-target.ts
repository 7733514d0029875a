import "server-only";
import { CONFIRM } from "@/server/auth/policy/routes";

export const MAX_TARGET_CHARACTERS = 8192;

/** A "." or ".." segment, plain or encoded: Next would resolve it after the path has been classified. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
/** Control characters and backslashes, which parsers interpret differently. */
const AMBIGUOUS_ENCODING = /%(?:[01][0-9a-f]|7f|5c)/i;
const INVALID_ENCODING = /%(?![0-9a-f]{2})/i;
/** Characters that RFC 3986 does not allow unencoded in a request target, and "#", since a fragment is never sent. */
const NOT_PRINTABLE_ASCII = /[^\x21-\x7e]|#/;

/** Only the origin form, "/path?query", is accepted; the others are for proxies (RFC 9112, section 3.2). */
export function judgeTarget(target: string): "valid" | "too long" | "malformed" {
  if (target.length > MAX_TARGET_CHARACTERS) return "too long";
  if (!target.startsWith("/") || NOT_PRINTABLE_ASCII.test(target)) return "malformed";
  const path = pathOf(target);
  if (path.includes("\\") || DOT_SEGMENT.test(path)) return "malformed";
  if (path.includes("%") && (INVALID_ENCODING.test(path) || AMBIGUOUS_ENCODING.test(path) || !isUtf8(path)))
    return "malformed";
  return "valid";
}

export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}

const ENCODED_UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi;

/**
 * Decodes unreserved characters in the path (RFC 3986, section 6.2.2.2), so that "/%64ashboard" is classified as the route
 * that the framework will resolve it to.
 */
export function decodeUnreserved(target: string): string {
  const path = pathOf(target);
  // An invalid encoding is left as it is: decoding a part of it could produce another encoding.
  if (!path.includes("%") || INVALID_ENCODING.test(path)) return target;
  return path.replace(ENCODED_UNRESERVED, (code) => decodeURIComponent(code)) + target.slice(path.length);
}

/**
 * Drops what follows the path of the confirmation page: some mail programs encode the "#" of a link, and then its token is part of the
 * path, which is logged. The page reads the token from the address bar.
 */
export function withoutEncodedFragment(target: string): string {
  const path = pathOf(target);
  return path.startsWith(`${CONFIRM}%`) ? CONFIRM + target.slice(path.length) : target;
}

/** Error pages of the framework, and its alternative paths to our routes. */
const FRAMEWORK_INTERNAL_PATH = /^\/(?:_|404$|500$)/;

export function isFrameworkInternal(path: string): boolean {
  return FRAMEWORK_INTERNAL_PATH.test(path);
}

/** The URL as the address bar shows it: the router of Next adds `_rsc` so that caches keep its requests apart. */
export function withoutRouterQuery(target: string): string {
  const query = target.indexOf("?");
  if (query === -1 || !target.includes("_rsc", query)) return target;
  const kept = target
    .slice(query + 1)
    .split("&")
    .filter((parameter) => parameter !== "_rsc" && !parameter.startsWith("_rsc="));
  const path = target.slice(0, query);
  return kept.length === 0 ? path : `${path}?${kept.join("&")}`;
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
