import { encodingOf, type Bounds } from "./bounds";
import { packEvent } from "./browser-events";
import { MessageBag } from "./message-bag";
import { CURRENT, INVALID, PREVIOUS, REMEMBERED, type Policy, type TokenStatus } from "./policy";
import type { Model, Visitor } from "./search";
import { isSuccess, sessionRow } from "./session-row";
import {
  afterAttackerRefresh,
  afterVictimRefresh,
  ATTACKER,
  ATTACKER_THEN_VICTIM,
  initialState,
  NO_REFRESH,
  packState,
  type State,
  type StateEncoding,
  unpackState,
  VICTIM,
  VICTIM_THEN_ATTACKER,
} from "./state";

export interface BrowserModel extends Model {
  bag: MessageBag;
  encoding: StateEncoding;
}

/**
 * One honest browser with a cookie jar (the last Set-Cookie wins) and several requests in flight, one session; optionally two
 * user agents, or an attacker with a copy of the jar. A crash before the commit is a lost request, one after it a lost response.
 */
export function browserModel(policy: Policy, bounds: Bounds): BrowserModel {
  const { window, attacker } = bounds;
  const bag = new MessageBag(bounds.maxLatency, bounds.inFlight, bounds.hasTwoUserAgents);
  const row = sessionRow(policy, bounds, bag);
  const encoding = encodingOf(bounds);
  const attackerBrowser = attacker?.browser === "different" ? encoding.browserValues - 1 : 0;
  const isOutsideWindow = (age: number) => !attacker?.staysOutsideWindow || age > window;

  function expand(packed: number, messages: number, visitor: Visitor): void {
    const state = unpackState(packed, encoding);
    const reach = (event: number, next: State, nextMessages = messages) =>
      visitor.reach(event, packState(next, encoding), nextMessages);

    // Ages are capped above the largest threshold, so a bounded number of ticks covers a pause of any length.
    tick();
    if (!bag.isFull(messages)) {
      for (const isSecondUserAgent of bounds.hasTwoUserAgents ? [false, true] : [false]) {
        const request = bag.encode({ isResponse: false, isSecondUserAgent, token: state.cookieJar, age: 0 });
        reach(packEvent("send", isSecondUserAgent ? 1 : 0), state, bag.add(messages, request));
      }
    }
    for (const code of bag.codes(messages)) {
      const { isResponse, isSecondUserAgent, token } = bag.decode(code);
      const others = bag.remove(messages, code);
      if (!losesOnlyDelivery(others)) reach(packEvent("lose", code), state, others);
      if (isResponse) receive(code, token, others);
      else if (isOutsideWindow(state.sinceAttacker)) judgeVictim(code, token, others, isSecondUserAgent ? 1 : 0);
    }
    if (state.delayed !== null)
      reach(packEvent("receiveDelayed"), { ...state, cookieJar: state.delayed, delayed: null });
    if (bounds.hasRevocation && !state.isRevoked) reach(packEvent("revoke"), { ...state, isRevoked: true });
    if (attacker && !state.hasCopiedJar && state.cookieJar !== INVALID) {
      reach(packEvent("copy"), { ...state, hasCopiedJar: true, attackerTokens: 1 << state.cookieJar });
    }
    if (attacker && state.hasCopiedJar && isOutsideWindow(state.sinceVictim)) {
      for (const token of [CURRENT, PREVIOUS, REMEMBERED] as const) {
        if (state.attackerTokens & (1 << token)) judgeAttacker(attacker, token);
      }
    }

    /** Whether this would lose the last response that carries the new token, where one must arrive. */
    function losesOnlyDelivery(others: number): boolean {
      if (!bounds.guaranteesDelivery || state.cookieJar === CURRENT) return false;
      return bag.hasResponseWith(messages, CURRENT) && !bag.hasResponseWith(others, CURRENT);
    }

    function tick() {
      const later = bag.aged(messages);
      if (losesOnlyDelivery(later)) return;
      const aged: State = {
        ...state,
        handedAge: Math.min(state.handedAge + 1, encoding.handedAgeValues - 1),
        rotatedAge: Math.min(state.rotatedAge + 1, encoding.rotatedAgeValues - 1),
        sinceVictim: Math.min(state.sinceVictim + 1, encoding.sinceValues - 1),
        sinceAttacker: Math.min(state.sinceAttacker + 1, encoding.sinceValues - 1),
      };
      reach(packEvent("tick"), aged, later);
    }

    function receive(code: number, token: TokenStatus, others: number) {
      // A token that the attacker knows does not count as a refresh: both hold the same token again.
      const isShared = (state.attackerTokens & (1 << token)) !== 0;
      const refreshOrder =
        !state.hasCopiedJar || isShared || attacker?.ignoresDetection
          ? NO_REFRESH
          : afterVictimRefresh(state.refreshOrder);
      reach(packEvent("receive", code), { ...state, cookieJar: token, refreshOrder }, others);
      if (bounds.hasDelayedResponse && state.delayed === null) {
        reach(packEvent("delay", code), { ...state, delayed: token }, others);
      }
    }

    function judgeVictim(code: number, token: TokenStatus, others: number, browser: number) {
      const verdict = row.judge(state, token, browser);
      const event = packEvent("judge", code, verdict);
      if (!isSuccess(verdict)) {
        if (state.isRevoked) return reach(event, state, others);
        if (!state.hasCopiedJar) return visitor.violates(event, 1);
        // Detected, so the session ends for both; unless the policy refuses only this request.
        return policy.toleratesReplay ? visitor.violates(event, 3) : undefined;
      }
      if (state.isRevoked) return visitor.violates(event, 4);
      if (row.forks(verdict)) return visitor.violates(event, 2);
      if (state.refreshOrder === VICTIM_THEN_ATTACKER) return visitor.violates(event, 3);
      if (attacker?.requiresImmediateDetection && state.refreshOrder === ATTACKER && row.sendsRefreshToken(verdict))
        return visitor.violates(event, 3);
      const [next, rest] = row.perform(state, others, verdict, browser);
      const response = bag.encode({ isResponse: true, token: CURRENT, age: 0 });
      reach(event, { ...next, sinceVictim: 0 }, row.sendsRefreshToken(verdict) ? bag.add(rest, response) : rest);
    }

    function judgeAttacker(
      { usesNewestTokenOnly, ignoresDetection, requiresImmediateDetection }: NonNullable<Bounds["attacker"]>,
      token: TokenStatus,
    ) {
      const verdict = row.judge(state, token, attackerBrowser);
      const event = packEvent("attacker", token, verdict);
      if (!isSuccess(verdict)) return;
      if (state.isRevoked) return visitor.violates(event, 4);
      if (row.forks(verdict)) return visitor.violates(event, 2);
      const receivesToken = row.sendsRefreshToken(verdict);
      if (receivesToken && usesNewestTokenOnly && state.refreshOrder === ATTACKER_THEN_VICTIM)
        return visitor.violates(event, 3);
      if (receivesToken && requiresImmediateDetection && state.refreshOrder === VICTIM)
        return visitor.violates(event, 3);
      const [next, rest] = row.perform(state, messages, verdict, attackerBrowser);
      const kept = receivesToken && usesNewestTokenOnly ? 0 : next.attackerTokens;
      const attackerTokens = receivesToken ? kept | (1 << CURRENT) : kept;
      const refreshOrder =
        receivesToken && !ignoresDetection ? afterAttackerRefresh(state.refreshOrder) : state.refreshOrder;
      reach(event, { ...next, attackerTokens, refreshOrder, sinceAttacker: 0 }, rest);
    }
  }

  return { initial: { row: packState(initialState(encoding), encoding), messages: 0 }, expand, bag, encoding };
}
