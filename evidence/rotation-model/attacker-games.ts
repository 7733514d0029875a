import type { Bounds } from "./bounds";
import { eventOf } from "./browser-events";
import { browserModel, type BrowserModel } from "./browser-model";
import { findEndlessPlay, type EndlessPlay } from "./lasso";
import { PREVIOUS, type Policy } from "./policy";
import { graphOf } from "./search";

export interface GameResult {
  states: number;
  moves: number;
  play: EndlessPlay;
  model: BrowserModel;
}

/** How the thief may play. The victim moves at any time, in whatever way suits the thief. */
export const STRATEGIES = {
  "keeps clear of the victim's refreshes": { browser: "same", keepsClear: true, isUnwatched: true },
  "another kind of browser, any timing": { browser: "another", isUnwatched: true },
  "the same kind of browser, any timing": { browser: "same", isUnwatched: true },
} as const satisfies Record<string, NonNullable<Bounds["thief"]>>;

/**
 * Whether a thief can go on for ever: its refreshes succeed again and again, and in between the victim receives a refresh
 * token again and again. A victim who never receives one is not met by the thief, but cut off by its network.
 */
export function playThief(policy: Policy, thief: NonNullable<Bounds["thief"]>, bounds: Bounds): GameResult {
  return play(policy, { ...bounds, thief }, isThiefs, (event) => eventOf(event).kind === "receive");
}

/** Whether somebody can keep a session that is in use from ever rotating: then its cookie is never renewed, and ends. */
export function playGaoler(policy: Policy, bounds: Bounds): GameResult {
  const isServed = (event: number) => eventOf(event).kind === "judge" && eventOf(event).verdict === "fresh";
  const rotates = (event: number) => ["rotate", "recover"].includes(eventOf(event).verdict);
  const thief = { browser: "same", isUnwatched: true } as const;
  return play(policy, { ...bounds, thief }, isTick, isServed, (event) => !rotates(event));
}

/** Whether another browser can be served for ever for a token that was replaced, while the session is not used otherwise. */
export function playOldToken(policy: Policy, bounds: Bounds): GameResult {
  const isServed = (event: number) => isThiefs(event) && eventOf(event).which === PREVIOUS;
  const rotates = (event: number) => ["rotate", "recover"].includes(eventOf(event).verdict);
  const thief = { browser: "another", isUnwatched: true } as const;
  return play(policy, { ...bounds, thief }, isTick, isServed, (event) => !rotates(event));
}

function play(
  policy: Policy,
  bounds: Bounds,
  isOne: (event: number) => boolean,
  isOther: (event: number) => boolean,
  isAllowed?: (event: number) => boolean,
): GameResult {
  const model = browserModel(policy, bounds);
  const graph = graphOf(model);
  const { states, targets } = graph;
  return { states, moves: targets.length, play: findEndlessPlay(graph, isOne, isOther, isAllowed), model };
}

function isThiefs(event: number): boolean {
  return eventOf(event).kind === "thief";
}

function isTick(event: number): boolean {
  return eventOf(event).kind === "tick";
}
