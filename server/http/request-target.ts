import "server-only";

export const MAX_TARGET_CHARACTERS = 8192;

/** A "." or ".." segment, plain or encoded: Next would resolve it after the path has been classified. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
/** Control characters and backslashes: readers of a path disagree about what they mean. */
const AMBIGUOUS_ENCODING = /%(?:[01][0-9a-f]|7f|5c)/i;
const INVALID_ENCODING = /%(?![0-9a-f]{2})/i;
/** Whatever RFC 3986 does not let stand in a request target unencoded, and the fragment, which is never sent. */
const NOT_PRINTABLE_ASCII = /[^\x21-\x7e]|#/;

/** Whether a request target can be passed on. Only "/path?query" is one; proxies use the other forms. */
export function judgeTarget(target: string): "fine" | "too long" | "malformed" {
  if (target.length > MAX_TARGET_CHARACTERS) return "too long";
  if (!target.startsWith("/") || NOT_PRINTABLE_ASCII.test(target)) return "malformed";
  const path = pathOf(target);
  if (path.includes("\\") || DOT_SEGMENT.test(path)) return "malformed";
  if (path.includes("%") && (INVALID_ENCODING.test(path) || AMBIGUOUS_ENCODING.test(path) || !isUtf8(path)))
    return "malformed";
  return "fine";
}

export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}

const ENCODED_UNRESERVED = /%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi;

/**
 * The same target with its path in its one plain spelling (RFC 3986, section 6.2.2.2): whoever classifies "/%64ashboard"
 * must see what the framework will make of it.
 */
export function decodeUnreserved(target: string): string {
  const path = pathOf(target);
  // What is broken stays so: undone half-way, it could become another encoding.
  if (!path.includes("%") || INVALID_ENCODING.test(path)) return target;
  return path.replace(ENCODED_UNRESERVED, (code) => decodeURIComponent(code)) + target.slice(path.length);
}

/** What the framework keeps for itself: error pages that response as if something had failed, other ways to our own routes. */
const FRAMEWORK_INTERNAL_PATH = /^\/(?:_|404$|500$)/;

export function isFrameworkInternal(path: string): boolean {
  return FRAMEWORK_INTERNAL_PATH.test(path);
}

/** The address as the person sees it: the router of Next adds `_rsc` to tell caches its requests apart. */
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
