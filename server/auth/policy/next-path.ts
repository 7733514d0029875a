import { classifyDestination, HOME } from "./routes";

/** Only shows what a relative address would resolve to; nothing is ever sent there. */
const ANY_ORIGIN = "http://next.invalid";
const MAX_NEXT_CHARACTERS = 2048;

/** Where to go after login: the candidate if it is the absolute path of a page of this very origin, else the dashboard. */
export function safeNextPath(candidate: string | null | undefined): string {
  if (!candidate || candidate.length > MAX_NEXT_CHARACTERS) return HOME;
  const target = resolveOnOrigin(candidate);
  if (target === null || candidate.includes(" ")) return HOME;
  switch (classifyEveryDecoding(target.pathname)) {
    case "page":
      return target.pathname + target.search + target.hash;
    case "leads on":
      // A chain of pages that lead on to a `next` of their own is longer than a browser follows: only its end counts.
      return safeNextPath(target.searchParams.get("next"));
    case "no page":
      return HOME;
  }
}

/** `next` with the fragment of the present address, as browsers do on a redirect: a fragment of its own wins. */
export function withFragment(next: string, fragment: string): string {
  if (next.includes("#")) return next;
  const whole = safeNextPath(next + fragment.replaceAll("\\", "%5C"));
  // A fragment that cannot be carried must not cost the path.
  return whole.split("#", 1)[0] === next ? whole : next;
}

/** What a browser on this origin would make of the path; null if it would leave, or if readers may disagree about it. */
function resolveOnOrigin(path: string): URL | null {
  // Browsers drop tabs and newlines from addresses and read "\" as "/": nobody honest sends them.
  if (!path.startsWith("/") || /[\u0000-\u001f\u007f\\]/.test(path)) return null;
  const target = URL.parse(path, ANY_ORIGIN);
  // "/.//evil.test" stays on this origin but normalises to "//evil.test", which a browser leaves for.
  return target?.origin === ANY_ORIGIN && !target.pathname.startsWith("//") ? target : null;
}

/** A proxy that decodes once more than we do must not turn a page into an address that is none, or into another site. */
function classifyEveryDecoding(pathname: string): ReturnType<typeof classifyDestination> {
  let decoded = pathname;
  for (let round = 0; round < 4; round++) {
    const target = resolveOnOrigin(decoded);
    if (target === null) return "no page";
    const destination = classifyDestination(target.pathname);
    if (destination !== "page") return destination;
    try {
      const once = decodeURIComponent(decoded);
      if (once === decoded) return "page";
      decoded = once;
    } catch {
      return "no page";
    }
  }
  return "no page";
}

/** `path` with `next` attached. */
export function withNext(path: string, next: string, parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams(parameters);
  query.set("next", next);
  return `${path}?${query}`;
}
