const EVENTS = ["tick", "receive", "read", "write", "revoke"] as const;

/**
 * `of`: the token received or presented, or the index of the write. `cause`, of a violation: what still carries the token that
 * has become invalid, or that the losing request was refused.
 */
export interface InterleavingEvent {
  kind: (typeof EVENTS)[number];
  of: number;
  age: number;
  verdict: number;
  cause: number;
}

export const FINAL_CAUSES = ["", "request", "response", "cookie jar", "refused"] as const;

export function unpackInterleavingEvent(packed: number): InterleavingEvent {
  const kind = EVENTS[packed & 7]!;
  return { kind, of: (packed >> 3) & 3, age: (packed >> 5) & 31, verdict: (packed >> 10) & 7, cause: packed >> 13 };
}

export function packInterleavingEvent(
  kind: InterleavingEvent["kind"],
  of = 0,
  age = 0,
  verdict = 0,
  cause = 0,
): number {
  return EVENTS.indexOf(kind) | (of << 3) | (age << 5) | (verdict << 10) | (cause << 13);
}
