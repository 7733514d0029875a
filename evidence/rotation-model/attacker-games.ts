import type { Bounds } from "./bounds";
import { unpackEvent } from "./browser-events";
import { browserModel, type BrowserModel } from "./browser-model";
import { findLasso, type LassoResult } from "./lasso";
import { PREVIOUS, type Policy } from "./policy";
import { buildGraph } from "./search";

export interface GameResult {
  states: number;
  transitions: number;
  outcome: LassoResult;
  model: BrowserModel;
}

/** How the attacker may play. The victim's moves are chosen in the attacker's favour. */
export const STRATEGIES = {
  "outside the victim's windows": { browser: "same", staysOutsideWindow: true, ignoresDetection: true },
  "different browser, any timing": { browser: "different", ignoresDetection: true },
  "same browser, any timing": { browser: "same", ignoresDetection: true },
} as const satisfies Record<string, NonNullable<Bounds["attacker"]>>;

/**
 * Searches an infinite play: the attacker's refreshes succeed infinitely often, and the victim receives a refresh token
 * infinitely often (fairness: a victim that never receives one is cut off by its network, not by the attacker).
 */
export function searchAttackerGame(
  policy: Policy,
  attacker: NonNullable<Bounds["attacker"]>,
  bounds: Bounds,
): GameResult {
  return searchLasso(
    policy,
    { ...bounds, attacker },
    isAttackerEvent,
    (event) => unpackEvent(event).kind === "receive",
  );
}

/** Searches a starvation: a session in use that never rotates, so that its cookie is never renewed and expires. */
export function searchStarvation(policy: Policy, bounds: Bounds): GameResult {
  const isServed = (event: number) => unpackEvent(event).kind === "judge" && unpackEvent(event).verdict === "fresh";
  const rotates = (event: number) => ["rotate", "recover"].includes(unpackEvent(event).verdict);
  const attacker = { browser: "same", ignoresDetection: true } as const;
  return searchLasso(policy, { ...bounds, attacker }, isTick, isServed, (event) => !rotates(event));
}

/** Searches an infinite play in which a different browser presents a replaced token and succeeds, in an otherwise idle session. */
export function searchReplacedToken(policy: Policy, bounds: Bounds): GameResult {
  const isServed = (event: number) => isAttackerEvent(event) && unpackEvent(event).subject === PREVIOUS;
  const rotates = (event: number) => ["rotate", "recover"].includes(unpackEvent(event).verdict);
  const attacker = { browser: "different", ignoresDetection: true } as const;
  return searchLasso(policy, { ...bounds, attacker }, isTick, isServed, (event) => !rotates(event));
}

function searchLasso(
  policy: Policy,
  bounds: Bounds,
  isFirst: (event: number) => boolean,
  isSecond: (event: number) => boolean,
  isAllowed?: (event: number) => boolean,
): GameResult {
  const model = browserModel(policy, bounds);
  const graph = buildGraph(model);
  const { states, targets } = graph;
  return { states, transitions: targets.length, outcome: findLasso(graph, isFirst, isSecond, isAllowed), model };
}

function isAttackerEvent(event: number): boolean {
  return unpackEvent(event).kind === "attacker";
}

function isTick(event: number): boolean {
  return unpackEvent(event).kind === "tick";
}
