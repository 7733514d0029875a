import type { Bounds } from "./bounds";
import { eventOf } from "./browser-events";
import { browserModel, type BrowserModel } from "./browser-model";
import { findLasso, type LassoResult } from "./lasso";
import { PREVIOUS, type Policy } from "./policy";
import { graphOf } from "./search";

export interface GameResult {
  states: number;
  transitions: number;
  outcome: LassoResult;
  model: BrowserModel;
}

/** How the thief may play. The victim moves at any time, in whatever way suits the thief. */
export const STRATEGIES = {
  "keeps clear of the victim's refreshes": { browser: "same", staysOutsideWindow: true, ignoresDetection: true },
  "another kind of browser, any timing": { browser: "another", ignoresDetection: true },
  "the same kind of browser, any timing": { browser: "same", ignoresDetection: true },
} as const satisfies Record<string, NonNullable<Bounds["attacker"]>>;

/**
 * Whether a thief can go on for ever: its refreshes succeed again and again, and in between the victim receives a refresh
 * token again and again. A victim who never receives one is not met by the thief, but cut off by its network.
 */
export function searchAttackerGame(
  policy: Policy,
  attacker: NonNullable<Bounds["attacker"]>,
  bounds: Bounds,
): GameResult {
  return searchLasso(policy, { ...bounds, attacker }, isAttackerEvent, (event) => eventOf(event).kind === "receive");
}

/** Whether somebody can keep a session that is in use from ever rotating: then its cookie is never renewed, and ends. */
export function searchStarvation(policy: Policy, bounds: Bounds): GameResult {
  const isServed = (event: number) => eventOf(event).kind === "judge" && eventOf(event).verdict === "fresh";
  const rotates = (event: number) => ["rotate", "recover"].includes(eventOf(event).verdict);
  const attacker = { browser: "same", ignoresDetection: true } as const;
  return searchLasso(policy, { ...bounds, attacker }, isTick, isServed, (event) => !rotates(event));
}

/** Whether another browser can be served for ever for a token that was replaced, while the session is not used otherwise. */
export function searchReplacedToken(policy: Policy, bounds: Bounds): GameResult {
  const isServed = (event: number) => isAttackerEvent(event) && eventOf(event).subject === PREVIOUS;
  const rotates = (event: number) => ["rotate", "recover"].includes(eventOf(event).verdict);
  const attacker = { browser: "another", ignoresDetection: true } as const;
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
  const graph = graphOf(model);
  const { states, targets } = graph;
  return { states, transitions: targets.length, outcome: findLasso(graph, isFirst, isSecond, isAllowed), model };
}

function isAttackerEvent(event: number): boolean {
  return eventOf(event).kind === "attacker";
}

function isTick(event: number): boolean {
  return eventOf(event).kind === "tick";
}
