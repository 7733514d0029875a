/**
 * Whether `version` comes before `other`, by the numbers in front of them. Of equal numbers a pre-release comes first
 * (Semantic Versioning, item 11); what servers append to theirs, like "-MariaDB-1", is none.
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
