/**
 * Whether `version` precedes `other`. A pre-release precedes its release (Semantic Versioning, item 11); suffixes of servers,
 * such as "-MariaDB-1", are ignored.
 */
export function isBefore(version: string, other: string): boolean {
  const [mine, theirs] = [numbersOf(version), numbersOf(other)];
  for (let at = 0; at < 3; at++) {
    const [a = 0, b = 0] = [mine[at], theirs[at]];
    if (a !== b) return a < b;
  }
  return isPreRelease(version) && !isPreRelease(other);
}

export function numbersOf(version: string): number[] {
  return (/^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? "0").split(".").map(Number);
}

function isPreRelease(version: string): boolean {
  return /^v?[\d.]+-(canary|beta|alpha|rc|next)\b/.test(version);
}
