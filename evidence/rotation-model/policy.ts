import { judgeRotation, type RotationState, type Verdict } from "@/server/auth/sessions/rotation";

/** The status of a token in the session's row. It stands for the token, so states that differ only in token names are one. */
export const CURRENT = 0;
export const PREVIOUS = 1;
/** An older token that is still accepted, in policies that keep one more nonce. */
export const REMEMBERED = 2;
export const INVALID = 3;
export type TokenStatus = typeof CURRENT | typeof PREVIOUS | typeof REMEMBERED | typeof INVALID;

/** Everything that a verdict depends on. Ages are in ticks. */
export interface VerdictInput {
  presented: TokenStatus;
  handedAge: number;
  rotatedAge: number;
  hasPrevious: boolean;
  isSameBrowser: boolean;
  isRevoked: boolean;
}

export type VerdictKind = Verdict["kind"];

/** A rotation policy: the implemented verdict with changed input or output. */
export interface Policy {
  name: string;
  /** Changes the input of the verdict. */
  mapInput?: (input: VerdictInput, window: number) => VerdictInput;
  /** Changes the implemented verdict. */
  mapVerdict?: (verdict: VerdictKind, input: VerdictInput, window: number) => VerdictKind;
  /** *fresh* sends the refresh cookie again. */
  resendsOnFresh?: true;
  /** *recover* and *reissue* leave the successor that they replace valid. */
  keepsReplacedValid?: true;
  /** *replayed* refuses the request and does not end the session. */
  toleratesReplay?: true;
  /** One more nonce is accepted like the previous one. */
  remembers?: "the one before the previous" | "the replaced successor";
}

export const IMPLEMENTED_POLICY: Policy = { name: "as implemented" };

const NOW = Date.UTC(2026, 10, 21);
const FAR_FUTURE = new Date(NOW + 1e12);
const NONCES = ["current", "previous", "remembered", "invalid"];
const CLIENT = { browser: "Firefox", os: "Linux" };
const OTHER_CLIENT = { browser: "Chrome", os: "Windows" };

/** Judges with `judgeRotation`, one tick being one second. Verdicts are memoized because a search needs millions of them. */
export function createJudge(policy: Policy, windowTicks: number): (input: VerdictInput) => VerdictKind {
  const known = new Map<number, VerdictKind>();
  return (input) => {
    const flags = (input.hasPrevious ? 1 : 0) + (input.isSameBrowser ? 2 : 0) + (input.isRevoked ? 4 : 0);
    const key = ((input.handedAge * 1024 + input.rotatedAge) * 8 + flags) * 4 + input.presented;
    const verdict = known.get(key) ?? judgeUncached(policy, windowTicks, input);
    known.set(key, verdict);
    return verdict;
  };
}

function judgeUncached(policy: Policy, windowTicks: number, input: VerdictInput): VerdictKind {
  const seen = policy.mapInput?.(input, windowTicks) ?? input;
  const accepted = seen.presented === REMEMBERED && policy.remembers ? PREVIOUS : seen.presented;
  const row: RotationState = {
    generation: 2,
    currentNonce: "current",
    previousNonce: seen.hasPrevious ? "previous" : null,
    rotatedAt: ticksAgo(seen.rotatedAge),
    handedAt: ticksAgo(seen.handedAge),
    idleExpiresAt: FAR_FUTURE,
    absoluteExpiresAt: FAR_FUTURE,
    revokedAt: seen.isRevoked ? new Date(NOW) : null,
    userDisabledAt: null,
    ...CLIENT,
  };
  const token = {
    nonce: NONCES[accepted]!,
    generation: accepted === CURRENT ? 2 : 1,
    previousNonce: null,
    issuedAt: new Date(NOW),
    expiresAt: FAR_FUTURE,
  };
  const verdict = judgeRotation(
    row,
    token,
    seen.isSameBrowser ? CLIENT : OTHER_CLIENT,
    windowTicks,
    new Date(NOW),
    null,
  ).kind;
  return policy.mapVerdict?.(verdict, input, windowTicks) ?? verdict;
}

function ticksAgo(age: number): Date {
  return new Date(NOW - age * 1000);
}
