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

/** What the server does with a presented token: judges it by the real function, performs it as one statement. */
export function sessionRow(policy: Policy, bounds: Bounds, bag: MessageBag) {
  const judge = createJudge(policy, bounds.window);

  return {
    judge(state: State, presented: TokenStatus, browser: number): VerdictKind {
      const { handedAge, rotatedAge, hasPrevious, isRevoked } = state;
      const isSameBrowser = browser === state.rowBrowser;
      return judge({ presented, handedAge, rotatedAge, hasPrevious, isSameBrowser, isRevoked });
    },

    /** World and messages afterwards. */
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
        jar: statusAfter[state.jar]!,
        delayed: state.delayed === null ? null : statusAfter[state.delayed]!,
        attackerTokens: attackerTokensAfter(state.attackerTokens, statusAfter),
      };
      return [next, bag.withStatuses(messages, statusAfter)];
    },

    /** Whether the answer carries a refresh token. */
    sendsRefreshToken(verdict: VerdictKind): boolean {
      return verdict === "fresh" ? policy.resendsOnFresh === true : isSuccess(verdict);
    },

    /** Two siblings that both work: the successor that was replaced is still good for something. */
    forks(verdict: VerdictKind): boolean {
      return verdict === "recover" && statusesAfter(verdict, policy)[CURRENT] === REMEMBERED;
    },
  };
}

export function isSuccess(verdict: VerdictKind): boolean {
  return verdict !== "replayed" && verdict !== "ended";
}

/** What every token is after a new one was made, by what it was before: current, previous, remembered, dead. */
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
