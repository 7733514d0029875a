import type { Bounds } from "./bounds";
import type { Flight } from "./message-bag";
import { CURRENT, DEAD, judgeBy, PREVIOUS, REMEMBERED, type Policy, type Standing, type VerdictKind } from "./policy";
import type { World } from "./state";

const UNCHANGED: readonly Standing[] = [CURRENT, PREVIOUS, REMEMBERED, DEAD];

/** What the server does with a presented token: judges it by the real function, performs it as one statement. */
export function sessionRow(policy: Policy, bounds: Bounds, flights: Flight) {
  const judge = judgeBy(policy, bounds.window);

  return {
    judge(world: World, presented: Standing, browser: number): VerdictKind {
      const { handedAge, rotatedAge, hasPrevious, isRevoked } = world;
      const isSameBrowser = browser === world.rowBrowser;
      return judge({ presented, handedAge, rotatedAge, hasPrevious, isSameBrowser, isRevoked });
    },

    /** World and messages afterwards. */
    perform(world: World, flight: number, verdict: VerdictKind, browser: number): [World, number] {
      if (verdict === "fresh") return [world, flight];
      if (verdict === "reissue") return [{ ...world, handedAge: 0 }, flight];
      const becomes = standingsAfter(verdict, policy);
      const next: World = {
        ...world,
        handedAge: 0,
        rotatedAge: 0,
        hasPrevious: true,
        rowBrowser: browser,
        jar: becomes[world.jar]!,
        asleep: world.asleep === null ? null : becomes[world.asleep]!,
        loot: lootAfter(world.loot, becomes),
      };
      return [next, flights.retagged(flight, becomes)];
    },

    /** Whether the answer carries a refresh token. */
    handsOut(verdict: VerdictKind): boolean {
      return verdict === "fresh" ? policy.resendsOnFresh === true : isSuccess(verdict);
    },

    /** Two siblings that both work: the successor that was replaced is still good for something. */
    forks(verdict: VerdictKind): boolean {
      return verdict === "recover" && standingsAfter(verdict, policy)[CURRENT] === REMEMBERED;
    },
  };
}

export function isSuccess(verdict: VerdictKind): boolean {
  return verdict !== "replayed" && verdict !== "ended";
}

/** What every token is after a new one was made, by what it was before: current, previous, remembered, dead. */
export function standingsAfter(verdict: VerdictKind, { remembers, keepsReplaced }: Policy): readonly Standing[] {
  const keepsOlder = remembers === "the one before the previous";
  if (verdict === "rotate") return [PREVIOUS, keepsOlder ? REMEMBERED : DEAD, DEAD, DEAD];
  if (verdict !== "recover") return UNCHANGED;
  const keepsSibling = keepsReplaced === true || remembers === "the replaced successor";
  return [keepsSibling ? REMEMBERED : DEAD, PREVIOUS, keepsOlder ? REMEMBERED : DEAD, DEAD];
}

function lootAfter(loot: number, becomes: readonly Standing[]): number {
  let next = 0;
  for (const token of [CURRENT, PREVIOUS, REMEMBERED] as const) {
    if (loot & (1 << token) && becomes[token] !== DEAD) next |= 1 << becomes[token]!;
  }
  return next;
}
