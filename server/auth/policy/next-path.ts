import { HOME } from "./routes";

/** Only shows what a relative address would resolve to; nothing is ever sent there. */
const ANY_ORIGIN = "http://next.invalid";
const NEXT_CHARACTERS_AT_MOST = 2048;

/** Where to go after login: the candidate if it is an absolute path of this very origin, else the dashboard. */
export function safeNextPath(candidate: string | null | undefined): string {
  if (!candidate || candidate.length > NEXT_CHARACTERS_AT_MOST || !candidate.startsWith("/")) return HOME;
  // Browsers drop tabs and newlines from addresses and read "\" as "/": nobody honest sends them.
  if (/[\u0000-\u0020\u007f\\]/.test(candidate)) return HOME;

  const target = URL.parse(candidate, ANY_ORIGIN);
  // "/.//evil.test" stays on this origin but normalises to "//evil.test", which a browser leaves for.
  if (target?.origin !== ANY_ORIGIN || target.pathname.startsWith("//")) return HOME;
  if (leadsAwayWhenDecodedAgain(target.pathname)) return HOME;
  return target.pathname + target.search + target.hash;
}

/** A proxy that decodes once more than we do must not turn our answer into somebody else's address. */
function leadsAwayWhenDecodedAgain(pathname: string): boolean {
  let decoded = pathname;
  for (let round = 0; round < 3; round++) {
    try {
      const once = decodeURIComponent(decoded);
      if (once === decoded) return false;
      decoded = once;
    } catch {
      return true;
    }
    if (/^\/+[\\/]|[\u0000-\u001f\u007f\\]/.test(decoded)) return true;
  }
  return decoded.includes("%");
}

/** `path` with `next` attached, unless it only names the default. */
export function withNext(path: string, next: string, parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams(parameters);
  query.set("next", next);
  return `${path}?${query}`;
}
