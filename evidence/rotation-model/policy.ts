import { judgeRotation, type RotationState, type Verdict } from "@/server/auth/sessions/rotation";

/** What a token is to the session's row. Names of tokens do not matter, so states that differ only in names are one. */
export const CURRENT = 0;
export const PREVIOUS = 1;
/** Neither, but remembered: only policies that keep one more nonce know such a token. */
export const REMEMBERED = 2;
export const DEAD = 3;
export type Standing = typeof CURRENT | typeof PREVIOUS | typeof REMEMBERED | typeof DEAD;

/** Everything that a verdict may depend on. Ages are in ticks. */
export interface Facts {
  presented: Standing;
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
  sees?: (facts: Facts, window: number) => Facts;
  /** What becomes of the real verdict. */
  turns?: (verdict: VerdictKind, facts: Facts, window: number) => VerdictKind;
  /** *fresh* sends the refresh cookie again. */
  resendsOnFresh?: true;
  /** *recover* and *reissue* leave the successor that they replace alive. */
  keepsReplaced?: true;
  /** *replayed* refuses the one who came and leaves the session alone. */
  toleratesReplay?: true;
  /** One more nonce is accepted as if it were the previous one. */
  remembers?: "the one before the previous" | "the replaced successor";
}

/** The contract as it is built: the real verdict and nothing else. */
export const CONTRACT: Policy = { name: "the contract" };

const NOW = Date.UTC(2026, 10, 21);
const FAR_AWAY = new Date(NOW + 1e12);
const NONCES = ["current", "previous", "remembered", "dead"];
const HERE = { browser: "Firefox", os: "Linux" };
const ELSEWHERE = { browser: "Chrome", os: "Windows" };

/** Judges by the real function, one tick being one second. Every answer is kept: a search asks millions of times. */
export function judgeBy(policy: Policy, windowTicks: number): (facts: Facts) => VerdictKind {
  const known = new Map<number, VerdictKind>();
  return (facts) => {
    const flags = (facts.hasPrevious ? 1 : 0) + (facts.isSameBrowser ? 2 : 0) + (facts.isRevoked ? 4 : 0);
    const key = ((facts.handedAge * 1024 + facts.rotatedAge) * 8 + flags) * 4 + facts.presented;
    const answer = known.get(key) ?? judgeReally(policy, windowTicks, facts);
    known.set(key, answer);
    return answer;
  };
}

function judgeReally(policy: Policy, windowTicks: number, facts: Facts): VerdictKind {
  const seen = policy.sees?.(facts, windowTicks) ?? facts;
  const accepted = seen.presented === REMEMBERED && policy.remembers ? PREVIOUS : seen.presented;
  const row: RotationState = {
    generation: 2,
    currentNonce: "current",
    previousNonce: seen.hasPrevious ? "previous" : null,
    rotatedAt: ticksAgo(seen.rotatedAge),
    handedAt: ticksAgo(seen.handedAge),
    idleExpiresAt: FAR_AWAY,
    absoluteExpiresAt: FAR_AWAY,
    revokedAt: seen.isRevoked ? new Date(NOW) : null,
    userDisabledAt: null,
    ...HERE,
  };
  const token = { nonce: NONCES[accepted]!, generation: accepted === CURRENT ? 2 : 1 };
  const verdict = judgeRotation(row, token, seen.isSameBrowser ? HERE : ELSEWHERE, windowTicks, new Date(NOW)).kind;
  return policy.turns?.(verdict, facts, windowTicks) ?? verdict;
}

function ticksAgo(age: number): Date {
  return new Date(NOW - age * 1000);
}
