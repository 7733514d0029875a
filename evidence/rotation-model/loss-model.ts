import type { LossBounds } from "./loss-bounds";
import { packLossEvent } from "./loss-events";
import { createLossJudge, type LossPolicy } from "./loss-policy";
import { lossStateEncoding, REVOKED_ONCE, type LossRow, type LossState } from "./loss-state";
import { MessageBag } from "./message-bag";
import type { VerdictKind } from "./policy";
import type { Invariant, Model, Visitor } from "./search";
import { isSuccess } from "./session-row";
import { afterAttackerRefresh, afterVictimRefresh, NO_REFRESH, VICTIM_THEN_ATTACKER } from "./state";
import { TokenTree } from "./token-tree";

export interface LossModel extends Model {
  tree: TokenTree;
  bag: MessageBag<number>;
}

/**
 * One session, one honest browser with several requests in flight, and a database that loses its last commits: the row becomes what it
 * was when a replica fell behind or a backup was taken. That instant is chosen freely, so every number of commits is lost, at any time.
 * A crash before the commit is a lost request, one after it a lost response.
 */
export function lossModel(policy: LossPolicy, bounds: LossBounds): LossModel {
  const { window, attacker } = bounds;
  const tree = new TokenTree(bounds.generations, policy.succession ?? "by the row", !policy.omitsPredecessor);
  const tokens = tree.tokens.map((_, token) => token);
  const bag = new MessageBag<number>(bounds.maxLatency, bounds.inFlight, bounds.hasTwoUserAgents, tokens.length);
  const judge = createLossJudge(policy, tree, window);
  const { sizes, pack, unpack, initial } = lossStateEncoding(bounds, tokens.length);
  const attackerBrowser = attacker?.browser === "different" ? 1 : 0;
  const isOutsideWindow = (age: number) => !attacker?.staysOutsideWindow || age > window;

  function expand(packed: number, messages: number, visitor: Visitor): void {
    const state = unpack(packed);
    const { row, kept } = state;
    const reach = (event: number, next: LossState, nextMessages = messages) =>
      visitor.reach(event, pack(next), nextMessages);

    tick();
    if (!bag.isFull(messages)) {
      for (const isSecondUserAgent of bounds.hasTwoUserAgents ? [false, true] : [false]) {
        const request = bag.encode({ isResponse: false, isSecondUserAgent, token: state.cookieJar, age: 0 });
        reach(packLossEvent("send", isSecondUserAgent ? 1 : 0), state, bag.add(messages, request));
      }
    }
    reach(packLossEvent("keep"), { ...state, kept: row });
    if (kept !== null && !bounds.hasLaggingNode && !state.hadLoss) lose(kept);
    for (const code of bag.codes(messages)) {
      const { isResponse, isSecondUserAgent, token } = bag.decode(code);
      const others = bag.remove(messages, code);
      if (!losesOnlyDelivery(others)) reach(packLossEvent("drop", code), state, others);
      if (isResponse) {
        reach(
          packLossEvent("receive", code),
          { ...state, cookieJar: token, refreshOrder: orderAfterVictim(token) },
          others,
        );
      } else if (isOutsideWindow(state.sinceAttacker)) {
        const browser = isSecondUserAgent ? 1 : 0;
        judgeVictim(code, token, others, browser, row, 0);
        if (bounds.hasRevocation) judgeVictim(code, token, others, browser, row, 1);
        if (bounds.hasLaggingNode && kept !== null) judgeVictim(code, token, others, browser, kept, 0);
      }
    }
    if (bounds.hasRevocation && state.memory === 0) {
      reach(packLossEvent("revoke"), { ...state, row: { ...row, isRevoked: true }, memory: REVOKED_ONCE | 1 });
    }
    if (row.isRevoked) reach(packLossEvent("learn"), { ...state, memory: REVOKED_ONCE | 3 });
    if (attacker && !state.hasCopiedJar) {
      reach(packLossEvent("copy"), { ...state, hasCopiedJar: true, attackerTokens: 1 << state.cookieJar });
    }
    if (attacker && state.hasCopiedJar && isOutsideWindow(state.sinceVictim)) {
      for (const token of knownTokens()) judgeAttacker(token);
    }

    function tick() {
      const later = bag.aged(messages);
      if (losesOnlyDelivery(later)) return;
      const aged = (one: LossRow): LossRow => ({ ...one, age: Math.min(one.age + 1, window + 1) });
      const next: LossState = {
        ...state,
        row: aged(row),
        kept: kept && aged(kept),
        sinceLoss: Math.min(state.sinceLoss + 1, sizes.sinceLoss - 1),
        sinceVictim: Math.min(state.sinceVictim + 1, sizes.sinceVictim - 1),
        sinceAttacker: Math.min(state.sinceAttacker + 1, sizes.sinceAttacker - 1),
      };
      reach(packLossEvent("tick"), next, later);
    }

    function lose(left: LossRow) {
      const next: LossState = {
        ...state,
        row: left,
        hadLoss: bounds.hasOneLoss === true,
        sinceLoss: 0,
        memory: bounds.forgetsMemory ? state.memory & REVOKED_ONCE : state.memory,
        refreshOrder: attacker?.isDetectedAcrossLosses ? state.refreshOrder : NO_REFRESH,
      };
      reach(packLossEvent("lose", 0, "fresh", left.token), next);
    }

    /** Whether this would lose the last response that carries the new token, where one must arrive. */
    function losesOnlyDelivery(later: number): boolean {
      return (
        bounds.hasTwoUserAgents === true &&
        state.cookieJar !== row.token &&
        bag.hasResponseWith(messages, row.token) &&
        !bag.hasResponseWith(later, row.token)
      );
    }

    function knownTokens(): number[] {
      return tokens.filter((token) => (state.attackerTokens & (1 << token)) !== 0);
    }

    /** A token that the attacker knows does not count as a refresh: both hold the same token again. */
    function orderAfterVictim(token: number): number {
      const isShared = knownTokens().some((known) => tree.isSameToken(known, token));
      return !state.hasCopiedJar || isShared ? NO_REFRESH : afterVictimRefresh(state.refreshOrder);
    }

    function judgeVictim(
      code: number,
      token: number,
      others: number,
      browser: number,
      read: LossRow,
      instance: number,
    ) {
      const kind = read !== row ? "judgeLagging" : instance === 0 ? "judge" : "judgeElsewhere";
      const isKnown = (state.memory & (1 << instance)) !== 0;
      if (isKnown && !policy.ignoresMemory) return reach(packLossEvent(kind, code, "ended", row.token), state, others);
      for (const verdict of judge(read, token, browser, noticedAge())) {
        const next = write(verdict, token, read, browser);
        const event = packLossEvent(kind, code, verdict, next === "conflict" ? null : (next ?? row).token);
        if (next === null) continue;
        if (next === "conflict") {
          // It is judged again, or ends without a result.
          reach(event, state, others);
          continue;
        }
        if (!isSuccess(verdict)) {
          if (row.isRevoked) reach(event, state, others);
          else if (!state.hasCopiedJar) visitor.violates(event, 1);
          continue;
        }
        const invariant = violatedBy(verdict, token, isKnown) ?? (isUndetected(token) ? 3 : null);
        if (invariant !== null) {
          visitor.violates(event, invariant);
          continue;
        }
        // A token ahead of the row is later than everything that the attacker was given since the loss.
        const refreshOrder = verdict === "ahead" ? orderAfterVictim(token) : state.refreshOrder;
        const after = { ...state, row: next, kept: keptAfter(verdict, next), refreshOrder, sinceVictim: 0 };
        const response = bag.encode({ isResponse: true, token: next.token, age: 0 });
        reach(event, after, sendsRefreshToken(verdict) ? bag.add(others, response) : others);
      }
    }

    function isUndetected(token: number): boolean {
      if (state.refreshOrder !== VICTIM_THEN_ATTACKER) return false;
      return attacker?.isDetectedAcrossLosses === true || !tree.isAhead(token, row.token);
    }

    function judgeAttacker(token: number) {
      for (const verdict of judge(row, token, attackerBrowser, noticedAge())) {
        const next = write(verdict, token, row, attackerBrowser);
        if (!isSuccess(verdict) || next === null || next === "conflict") continue;
        const event = packLossEvent("attacker", token, verdict, next.token);
        const invariant = violatedBy(verdict, token, false);
        if (invariant !== null) {
          visitor.violates(event, invariant);
          continue;
        }
        const receivesToken = sendsRefreshToken(verdict);
        const isShared = receivesToken && tree.isSameToken(next.token, state.cookieJar);
        const isRefresh = receivesToken || verdict === "ahead";
        const after: LossState = {
          ...state,
          row: next,
          kept: keptAfter(verdict, next),
          attackerTokens: receivesToken ? state.attackerTokens | (1 << next.token) : state.attackerTokens,
          refreshOrder: isShared
            ? NO_REFRESH
            : isRefresh
              ? afterAttackerRefresh(state.refreshOrder)
              : state.refreshOrder,
          sinceAttacker: 0,
        };
        reach(event, after);
      }
    }

    /** Ticks since the instances noticed a loss. Null if that is longer ago than a window. */
    function noticedAge(): number | null {
      return bounds.noticesLosses && state.sinceLoss <= window ? state.sinceLoss : null;
    }

    function violatedBy(verdict: VerdictKind, token: number, isKnown: boolean): Invariant | null {
      if (row.isRevoked) return 4;
      if (isKnown) return 6;
      if (bounds.requiresLastingRevocation && state.memory !== 0) return 4;
      return verdict === "ahead" && !tree.descends(token, row.token) ? 2 : null;
    }

    /** The row after a verdict on `read`, which is the row or an older state of it. Null beyond the bound of generations. */
    function write(verdict: VerdictKind, token: number, read: LossRow, browser: number): LossRow | "conflict" | null {
      if (verdict === "fresh" || verdict === "ended") return row;
      const hasChanged = read.token !== row.token || read.age !== row.age || read.isRevoked !== row.isRevoked;
      if (hasChanged && policy.writesAnyway !== verdict) return "conflict";
      if (verdict === "replayed") return row;
      if (verdict === "reissue") return { ...row, age: 0 };
      if (verdict === "ahead") {
        return { ...row, token: tree.adopted(token), age: policy.startsNoWindow ? window + 1 : 0, browser };
      }
      const successor = tree.successor(row.token, verdict === "rotate" ? "rotate" : "recover", state.hadLoss ? 1 : 0);
      return successor === null ? null : { ...row, token: successor, age: 0, browser };
    }

    function keptAfter(verdict: VerdictKind, { token }: LossRow): LossRow | null {
      if (verdict !== "reissue" || !bounds.keepsReissues || kept?.token !== token) return kept;
      return { ...kept, age: 0 };
    }
  }

  return { initial: { row: pack(initial), messages: 0 }, expand, tree, bag };
}

function sendsRefreshToken(verdict: VerdictKind): boolean {
  return verdict === "rotate" || verdict === "reissue" || verdict === "recover";
}
