import type { Bounds } from "./bounds";
import type { MessageBag } from "./message-bag";
import {
  CURRENT,
  INVALID,
  createJudge,
  PREVIOUS,
  REMEMBERED,
  type Policy,
  type TokenStatus,
  type VerdictKind,
} from "./policy";
import type { State } from "./state";

const UNCHANGED: readonly TokenStatus[] = [CURRENT, PREVIOUS, REMEMBERED, INVALID];

/** The server: judges a presented token with `judgeRotation` and applies the verdict as one atomic write. */
export function sessionRow(policy: Policy, bounds: Bounds, bag: MessageBag) {
  const judge = createJudge(policy, bounds.window);

  return {
    judge(state: State, presented: TokenStatus, browser: number): VerdictKind {
      const { handedAge, rotatedAge, hasPrevious, isRevoked } = state;
      const isSameBrowser = browser === state.rowBrowser;
      return judge({ presented, handedAge, rotatedAge, hasPrevious, isSameBrowser, isRevoked });
    },

    /** The state and the messages after the write. */
    perform(state: State, messages: number, verdict: VerdictKind, browser: number): [State, number] {
      if (verdict === "fresh") return [state, messages];
      if (verdict === "reissue") return [{ ...state, handedAge: 0 }, messages];
      const statusAfter = statusesAfter(verdict, policy);
      const next: State = {
        ...state,
        handedAge: 0,
        rotatedAge: 0,
        hasPrevious: true,
        rowBrowser: browser,
        cookieJar: statusAfter[state.cookieJar]!,
        delayed: state.delayed === null ? null : statusAfter[state.delayed]!,
        attackerTokens: attackerTokensAfter(state.attackerTokens, statusAfter),
      };
      return [next, bag.withStatuses(messages, statusAfter)];
    },

    /** Whether the response carries a refresh token. */
    sendsRefreshToken(verdict: VerdictKind): boolean {
      return verdict === "fresh" ? policy.resendsOnFresh === true : isSuccess(verdict);
    },

    /** Whether two token families are valid: the replaced successor is still accepted. */
    forks(verdict: VerdictKind): boolean {
      return verdict === "recover" && statusesAfter(verdict, policy)[CURRENT] === REMEMBERED;
    },
  };
}

export function isSuccess(verdict: VerdictKind): boolean {
  return verdict !== "replayed" && verdict !== "ended" && verdict !== "unavailable";
}

/** The new status of every token by its old one: current, previous, remembered, invalid. */
export function statusesAfter(verdict: VerdictKind, { remembers, keepsReplacedValid }: Policy): readonly TokenStatus[] {
  const keepsBeforePrevious = remembers === "the one before the previous";
  if (verdict === "rotate") return [PREVIOUS, keepsBeforePrevious ? REMEMBERED : INVALID, INVALID, INVALID];
  if (verdict !== "recover") return UNCHANGED;
  const keepsReplacement = keepsReplacedValid === true || remembers === "the replaced successor";
  return [keepsReplacement ? REMEMBERED : INVALID, PREVIOUS, keepsBeforePrevious ? REMEMBERED : INVALID, INVALID];
}

function attackerTokensAfter(attackerTokens: number, statusAfter: readonly TokenStatus[]): number {
  let next = 0;
  for (const token of [CURRENT, PREVIOUS, REMEMBERED] as const) {
    if (attackerTokens & (1 << token) && statusAfter[token] !== INVALID) next |= 1 << statusAfter[token]!;
  }
  return next;
}
