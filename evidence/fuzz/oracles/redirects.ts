import { headerValue, type ParsedResponse } from "@/evidence/fuzz/http-response-parser";

/** Reports a redirect to another origin, by header or by page content. */
export function checkRedirects({ status, headers, body }: ParsedResponse, origin: string): string | null {
  const location = headerValue(headers, "location");
  if (status >= 300 && status < 400 && status !== 304 && location === undefined) return "a redirect without Location";
  const targets = [location, ...redirectsInPage(body)].filter((one) => one !== undefined);
  const away = targets.find((one) => isOtherOrigin(one, origin));
  return away === undefined ? null : `it redirected to ${away}`;
}

/** Meta refreshes and redirects in the rendered page. */
function redirectsInPage(body: string): string[] {
  const refreshes = [...body.matchAll(/http-equiv="refresh" content="[^"]*url=([^"]*)"/g)].map(([, url]) =>
    url!.replaceAll("&amp;", "&"),
  );
  const redirects = [...body.matchAll(/NEXT_REDIRECT;\w+;([^;"]*);/g)].map(([, url]) => url!);
  return [...refreshes, ...redirects];
}

function isOtherOrigin(location: string, origin: string): boolean {
  if (/[\u0000-\u0020\u007f\\]/.test(location)) return true;
  const target = URL.parse(location, origin);
  return target === null || target.origin !== origin || target.pathname.startsWith("//");
}
