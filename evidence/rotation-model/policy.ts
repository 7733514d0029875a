import { judgeRotation, type RotationState, type Verdict } from "@/server/auth/sessions/rotation";

/** What a token is to the session's row. Names of tokens do not matter, so states that differ only in names are one. */
export const CURRENT = 0;
export const PREVIOUS = 1;
/** Neither, but remembered: only policies that keep one more nonce know such a token. */
export const REMEMBERED = 2;
export const INVALID = 3;
export type TokenStatus = typeof CURRENT | typeof PREVIOUS | typeof REMEMBERED | typeof INVALID;

/** Everything that a verdict may depend on. Ages are in ticks. */
export interface VerdictInput {
  presented: TokenStatus;
  handedAge: number;
  rotatedAge: number;
  hasPrevious: boolean;
  isSameBrowser: boolean;
  isRevoked: boolean;
}

export type VerdictKind = Verdict["kind"];

/** A rule for rotation: the real verdict, with what is left out or put in around it. */
export interface Policy {
  name: string;
  /** What the verdict gets to see. */
  mapInput?: (input: VerdictInput, window: number) => VerdictInput;
  /** What becomes of the real verdict. */
  mapVerdict?: (verdict: VerdictKind, input: VerdictInput, window: number) => VerdictKind;
  /** *fresh* sends the refresh cookie again. */
  resendsOnFresh?: true;
  /** *recover* and *reissue* leave the successor that they replace alive. */
  keepsReplacedValid?: true;
  /** *replayed* refuses the one who came and leaves the session alone. */
  toleratesReplay?: true;
  /** One more nonce is accepted as if it were the previous one. */
  remembers?: "the one before the previous" | "the replaced successor";
}

/** The contract as it is built: the real verdict and nothing else. */
export const IMPLEMENTED_POLICY: Policy = { name: "the contract" };

const NOW = Date.UTC(2026, 10, 21);
const FAR_FUTURE = new Date(NOW + 1e12);
const NONCES = ["current", "previous", "remembered", "dead"];
const CLIENT = { browser: "Firefox", os: "Linux" };
const OTHER_CLIENT = { browser: "Chrome", os: "Windows" };

/** Judges by the real function, one tick being one second. Every answer is kept: a search asks millions of times. */
export function createJudge(policy: Policy, windowTicks: number): (input: VerdictInput) => VerdictKind {
  const known = new Map<number, VerdictKind>();
  return (input) => {
    const flags = (input.hasPrevious ? 1 : 0) + (input.isSameBrowser ? 2 : 0) + (input.isRevoked ? 4 : 0);
    const key = ((input.handedAge * 1024 + input.rotatedAge) * 8 + flags) * 4 + input.presented;
    const answer = known.get(key) ?? judgeUncached(policy, windowTicks, input);
    known.set(key, answer);
    return answer;
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
  const token = { nonce: NONCES[accepted]!, generation: accepted === CURRENT ? 2 : 1 };
  const verdict = judgeRotation(
    row,
    token,
    seen.isSameBrowser ? CLIENT : OTHER_CLIENT,
    windowTicks,
    new Date(NOW),
  ).kind;
  return policy.mapVerdict?.(verdict, input, windowTicks) ?? verdict;
}

function ticksAgo(age: number): Date {
  return new Date(NOW - age * 1000);
}
