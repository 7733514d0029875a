import "server-only";

/** `token` of RFC 9110, section 5.6.2: ASCII only, while header values are Latin-1 here. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The cookies of a Cookie header, in order. Skips those without "=", which browsers send for a cookie without a name, and
 * those whose name is not a token (RFC 6265, section 4.1.1).
 */
export function readCookiePairs(header: string): (readonly [name: string, value: string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const text of header.split(";")) {
    const separator = text.indexOf("=");
    if (separator < 0) continue;
    const name = trimSpacesAndTabs(text.slice(0, separator));
    if (TOKEN.test(name)) pairs.push([name, trimSpacesAndTabs(text.slice(separator + 1))]);
  }
  return pairs;
}

export function writeCookiePairs(pairs: Iterable<readonly [name: string, value: string]>): string {
  return Array.from(pairs, ([name, value]) => `${name}=${value}`).join("; ");
}

/** Strips SP and HTAB only. `trim()` also strips U+00A0, so a cookie of another subdomain could pass for one of ours. */
export function trimSpacesAndTabs(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpaceOrTab(text.charCodeAt(start))) start++;
  while (end > start && isSpaceOrTab(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpaceOrTab(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
