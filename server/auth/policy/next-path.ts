import { classifyDestination, HOME } from "./routes";

/** The base for resolving relative paths; no request is sent to it. */
const ANY_ORIGIN = "http://next.invalid";
const MAX_NEXT_CHARACTERS = 2048;

/** The destination after login: the candidate if it is the absolute path of a page on this origin, else the dashboard. */
export function safeNextPath(candidate: string | null | undefined): string {
  if (!candidate || candidate.length > MAX_NEXT_CHARACTERS) return HOME;
  const target = resolveOnOrigin(candidate);
  if (target === null || candidate.includes(" ")) return HOME;
  switch (classifyEveryDecoding(target.pathname)) {
    case "page":
      return target.pathname + target.search + target.hash;
    case "forwards":
      // A chain of pages that forward to a `next` of their own may exceed the browser's redirect limit: only its end counts.
      return safeNextPath(target.searchParams.get("next"));
    case "no page":
      return HOME;
  }
}

/** `next` with the fragment of the current address, as browsers keep it across redirects. A fragment in `next` wins. */
export function withFragment(next: string, fragment: string): string {
  if (next.includes("#")) return next;
  const combined = safeNextPath(next + fragment.replaceAll("\\", "%5C"));
  // An unsafe fragment is dropped, and the path stays.
  return combined.split("#", 1)[0] === next ? combined : next;
}

/** The path as a browser on this origin resolves it. Null if it leaves the origin or if parsers may disagree about it. */
function resolveOnOrigin(path: string): URL | null {
  // Browsers remove tabs and newlines from URLs and read "\" as "/". Legitimate paths contain none of them.
  if (!path.startsWith("/") || /[\u0000-\u001f\u007f\\]/.test(path)) return null;
  const target = URL.parse(path, ANY_ORIGIN);
  // "/.//evil.test" stays on this origin but normalises to "//evil.test", which resolves to another host.
  return target?.origin === ANY_ORIGIN && !target.pathname.startsWith("//") ? target : null;
}

/** A proxy may decode the path more often than we do: every decoding must still be a page on this origin. */
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

/** `path` with `next` and `parameters` as its query. */
export function withNext(path: string, next: string, parameters: Record<string, string> = {}): string {
  const query = new URLSearchParams(parameters);
  query.set("next", next);
  return `${path}?${query}`;
}
