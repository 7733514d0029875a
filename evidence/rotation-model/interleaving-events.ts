const EVENTS = ["tick", "receive", "read", "write", "revoke"] as const;

/** `of`: the token received or presented, or the index of the write. `death`: what the token that dies is in, if that is the end, or that it is the loser who is refused. */
export interface CrowdEvent {
  kind: (typeof EVENTS)[number];
  of: number;
  age: number;
  verdict: number;
  death: number;
}

export const DEATHS = ["", "request", "answer", "jar", "loser"] as const;

export function crowdEventOf(packed: number): CrowdEvent {
  const kind = EVENTS[packed & 7]!;
  return { kind, of: (packed >> 3) & 3, age: (packed >> 5) & 31, verdict: (packed >> 10) & 7, death: packed >> 13 };
}

export function packCrowdEvent(kind: CrowdEvent["kind"], of = 0, age = 0, verdict = 0, death = 0): number {
  return EVENTS.indexOf(kind) | (of << 3) | (age << 5) | (verdict << 10) | (death << 13);
}
