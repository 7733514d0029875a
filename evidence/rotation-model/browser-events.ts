import type { VerdictKind } from "./policy";

export const EVENTS = [
  "tick",
  "send",
  "judge",
  "receive",
  "lose",
  "delay",
  "receiveDelayed",
  "revoke",
  "copy",
  "attacker",
] as const;
export type EventKind = (typeof EVENTS)[number];
const VERDICTS: readonly VerdictKind[] = ["fresh", "rotate", "reissue", "recover", "replayed", "ended"];

export interface Event {
  kind: EventKind;
  /** The code of the message, or the status of the token that the attacker presents. */
  subject: number;
  verdict: VerdictKind;
}

export function unpackEvent(packed: number): Event {
  return { kind: EVENTS[packed & 15]!, subject: (packed >> 4) & 63, verdict: VERDICTS[packed >> 10]! };
}

export function packEvent(kind: EventKind, subject = 0, verdict: VerdictKind = "fresh"): number {
  return EVENTS.indexOf(kind) | (subject << 4) | (VERDICTS.indexOf(verdict) << 10);
}
