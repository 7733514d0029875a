import { extentOf, type Bounds } from "./bounds";
import { packEvent } from "./browser-events";
import { Flight } from "./message-bag";
import { afterThief, afterVictim, NOBODY, THIEF, THIEF_THEN_VICTIM, VICTIM, VICTIM_THEN_THIEF } from "./holders";
import { CURRENT, DEAD, PREVIOUS, REMEMBERED, type Policy, type Standing } from "./policy";
import type { Model, Visitor } from "./search";
import { isSuccess, sessionRow } from "./session-row";
import { packWorld, startOf, unpackWorld, type Extent, type World } from "./state";

export interface BrowserModel extends Model {
  flights: Flight;
  extent: Extent;
}

/**
 * One honest browser jar (the last Set-Cookie wins) with several requests under way, one session, perhaps two user agents or a
 * thief with a copy of the jar. A crash before the commit is a request that is lost, one after it a reply that is lost.
 */
export function browserModel(policy: Policy, bounds: Bounds): BrowserModel {
  const { window, thief } = bounds;
  const flights = new Flight(bounds.leg, bounds.inFlight, bounds.hasTwoAgents);
  const row = sessionRow(policy, bounds, flights);
  const extent = extentOf(bounds);
  const thiefsBrowser = thief?.browser === "another" ? extent.browsers - 1 : 0;
  const isClear = (age: number) => !thief?.keepsClear || age > window;

  function expand(packed: number, flight: number, visitor: Visitor): void {
    const world = unpackWorld(packed, extent);
    const reach = (event: number, next: World, nextFlight = flight) =>
      visitor.reach(event, packWorld(next, extent), nextFlight);

    // Ages stop where they stop mattering, so a pause of any length is so many ticks and no more.
    tick();
    if (!flights.isFull(flight)) {
      for (const isSecondAgents of bounds.hasTwoAgents ? [false, true] : [false]) {
        const request = flights.codeOf({ isReply: false, isSecondAgents, token: world.jar, age: 0 });
        reach(packEvent("send", isSecondAgents ? 1 : 0), world, flights.plus(flight, request));
      }
    }
    for (const code of flights.codes(flight)) {
      const { isReply, isSecondAgents, token } = flights.messageOf(code);
      const others = flights.minus(flight, code);
      if (!losesSuccessor(others)) reach(packEvent("lose", code), world, others);
      if (isReply) receive(code, token, others);
      else if (isClear(world.sinceThief)) judgeVictim(code, token, others, isSecondAgents ? 1 : 0);
    }
    if (world.asleep !== null) reach(packEvent("wake"), { ...world, jar: world.asleep, asleep: null });
    if (bounds.hasRevocation && !world.isRevoked) reach(packEvent("revoke"), { ...world, isRevoked: true });
    if (thief && !world.hasStolen && world.jar !== DEAD) {
      reach(packEvent("steal"), { ...world, hasStolen: true, loot: 1 << world.jar });
    }
    if (thief && world.hasStolen && isClear(world.sinceVictim)) {
      for (const token of [CURRENT, PREVIOUS, REMEMBERED] as const) {
        if (world.loot & (1 << token)) judgeThief(thief, token);
      }
    }

    /** Where one reply must arrive: whether the last one with the new token is not among these any more. */
    function losesSuccessor(others: number): boolean {
      if (!bounds.delivers || world.jar === CURRENT) return false;
      return flights.isOnItsWay(flight, CURRENT) && !flights.isOnItsWay(others, CURRENT);
    }

    function tick() {
      const later = flights.older(flight);
      if (losesSuccessor(later)) return;
      const older: World = {
        ...world,
        handedAge: Math.min(world.handedAge + 1, extent.handedAges - 1),
        rotatedAge: Math.min(world.rotatedAge + 1, extent.rotatedAges - 1),
        sinceVictim: Math.min(world.sinceVictim + 1, extent.sinceAges - 1),
        sinceThief: Math.min(world.sinceThief + 1, extent.sinceAges - 1),
      };
      reach(packEvent("tick"), older, later);
    }

    function receive(code: number, token: Standing, others: number) {
      // What the thief knows already is no refresh: from here on both hold copies of one token again.
      const isShared = (world.loot & (1 << token)) !== 0;
      const order = !world.hasStolen || isShared || thief?.isUnwatched ? NOBODY : afterVictim(world.order);
      reach(packEvent("receive", code), { ...world, jar: token, order }, others);
      if (bounds.hasSleeper && world.asleep === null) {
        reach(packEvent("doze", code), { ...world, asleep: token }, others);
      }
    }

    function judgeVictim(code: number, token: Standing, others: number, browser: number) {
      const verdict = row.judge(world, token, browser);
      const event = packEvent("judge", code, verdict);
      if (!isSuccess(verdict)) {
        if (world.isRevoked) return reach(event, world, others);
        if (!world.hasStolen) return visitor.breaks(event, 1);
        // Noticed, and over for both; or else only the victim is out.
        return policy.toleratesReplay ? visitor.breaks(event, 3) : undefined;
      }
      if (world.isRevoked) return visitor.breaks(event, 4);
      if (row.forks(verdict)) return visitor.breaks(event, 2);
      if (world.order === VICTIM_THEN_THIEF) return visitor.breaks(event, 3);
      if (thief?.isNoticedAtOnce && world.order === THIEF && row.handsOut(verdict)) return visitor.breaks(event, 3);
      const [next, rest] = row.perform(world, others, verdict, browser);
      const answer = flights.codeOf({ isReply: true, token: CURRENT, age: 0 });
      reach(event, { ...next, sinceVictim: 0 }, row.handsOut(verdict) ? flights.plus(rest, answer) : rest);
    }

    function judgeThief({ usesNewest, isUnwatched, isNoticedAtOnce }: NonNullable<Bounds["thief"]>, token: Standing) {
      const verdict = row.judge(world, token, thiefsBrowser);
      const event = packEvent("thief", token, verdict);
      if (!isSuccess(verdict)) return;
      if (world.isRevoked) return visitor.breaks(event, 4);
      if (row.forks(verdict)) return visitor.breaks(event, 2);
      const isGiven = row.handsOut(verdict);
      if (isGiven && usesNewest && world.order === THIEF_THEN_VICTIM) return visitor.breaks(event, 3);
      if (isGiven && isNoticedAtOnce && world.order === VICTIM) return visitor.breaks(event, 3);
      const [next, rest] = row.perform(world, flight, verdict, thiefsBrowser);
      const kept = isGiven && usesNewest ? 0 : next.loot;
      const loot = isGiven ? kept | (1 << CURRENT) : kept;
      const order = isGiven && !isUnwatched ? afterThief(world.order) : world.order;
      reach(event, { ...next, loot, order, sinceThief: 0 }, rest);
    }
  }

  return { start: { row: packWorld(startOf(extent), extent), flight: 0 }, expand, flights, extent };
}
