import "server-only";

/** RFC 9110, section 5.6.2. Header values are Latin-1 here: of a name that is no ASCII, no character is part of it. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The cookies of a Cookie header, in their order. One without "=" is not among them: browsers send a cookie that has no name as
 * its value alone. Nor is one whose name is no token (RFC 6265, section 4.1.1).
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

/** Strips SP and HTAB. `trim()` also strips U+00A0, and then a cookie that any sibling host may set passes for one of ours. */
export function trimSpacesAndTabs(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isSpaceOrTab(text.charCodeAt(start))) start++;
  while (end > start && isSpaceOrTab(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpaceOrTab(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
