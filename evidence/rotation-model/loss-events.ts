import type { VerdictKind } from "./policy";

const EVENTS = [
  "tick",
  "send",
  "judge",
  "judgeElsewhere",
  "judgeLagging",
  "receive",
  "drop",
  "keep",
  "lose",
  "revoke",
  "learn",
  "copy",
  "attacker",
] as const;
const VERDICTS: readonly VerdictKind[] = ["fresh", "rotate", "reissue", "recover", "ahead", "replayed", "ended"];
/** In place of a token: the row had changed since it was judged, and nothing was written. */
const CONFLICT = 63;

export interface LossEvent {
  kind: (typeof EVENTS)[number];
  verdict: VerdictKind;
  /** The row's token afterwards. Null if the row had changed since it was judged. */
  rowToken: number | null;
  /** The code of the message, the token that the attacker presents, or 1 for the second user agent. */
  subject: number;
}

export function unpackLossEvent(packed: number): LossEvent {
  const rowToken = (packed >> 7) & 63;
  return {
    kind: EVENTS[packed & 15]!,
    verdict: VERDICTS[(packed >> 4) & 7]!,
    rowToken: rowToken === CONFLICT ? null : rowToken,
    subject: packed >> 13,
  };
}

export function packLossEvent(
  kind: LossEvent["kind"],
  subject = 0,
  verdict: VerdictKind = "fresh",
  rowToken: number | null = 0,
): number {
  return EVENTS.indexOf(kind) | (VERDICTS.indexOf(verdict) << 4) | ((rowToken ?? CONFLICT) << 7) | (subject << 13);
}
