import type { Graph } from "./search";

export type LassoResult =
  /** No infinite play contains both kinds of event infinitely often; `rounds` is the maximum number of alternations. */
  | { kind: "finite"; rounds: number }
  /** A lasso: a path to a cycle that contains both kinds of event. */
  | { kind: "infinite"; stem: number[]; cycle: number[] };

type EventFilter = (event: number) => boolean;

/** Searches an infinite play in which both kinds of event occur infinitely often, using only allowed events. */
export function findLasso(
  graph: Graph,
  isFirst: EventFilter,
  isSecond: EventFilter,
  isAllowed: EventFilter = () => true,
): LassoResult {
  const after = (states: Uint8Array, which: EventFilter) => {
    const next = new Uint8Array(graph.states);
    forEachEdge(graph, states, (event, target) => {
      if (which(event) && isAllowed(event)) next[target] = 1;
    });
    return closure(graph, next, isAllowed);
  };
  const playRound = (states: Uint8Array) => after(after(states, isFirst), isSecond);

  // The states after ever more rounds: a greatest fixed point, which is empty or contains a cycle.
  let recurring: Uint8Array = new Uint8Array(graph.states).fill(1);
  for (let size = Infinity; count(recurring) < size;) {
    size = count(recurring);
    recurring = playRound(recurring);
  }
  if (count(recurring) > 0) return findCycle(graph, recurring, isFirst, isSecond, isAllowed);

  let rounds = -1;
  let states: Uint8Array = Uint8Array.from({ length: graph.states }, (_, state) => (state === 0 ? 1 : 0));
  for (states = closure(graph, states, isAllowed); count(states) > 0; states = playRound(states)) rounds++;
  return { kind: "finite", rounds };
}

function findCycle(
  graph: Graph,
  candidates: Uint8Array,
  isFirst: EventFilter,
  isSecond: EventFilter,
  isAllowed: EventFilter,
): LassoResult {
  for (let state = 0; state < graph.states; state++) {
    if (candidates[state] === 0) continue;
    const cycle = cycleThrough(graph, state, isFirst, isSecond, isAllowed);
    if (cycle !== null) return { kind: "infinite", stem: graph.pathTo(state), cycle };
  }
  throw new Error("An infinite play in a finite graph has a cycle");
}

/** The shortest cycle through a state that has both kinds of event: a search over (state, kinds seen so far). */
function cycleThrough(
  graph: Graph,
  start: number,
  isFirst: EventFilter,
  isSecond: EventFilter,
  isAllowed: EventFilter,
): number[] | null {
  const parents = new Map<number, { from: number; event: number }>();
  const queue = [start * 4];
  for (const at of queue) {
    const state = at >> 2;
    for (let edge = graph.firstEdge[state]!; edge < graph.firstEdge[state + 1]!; edge++) {
      const event = graph.events[edge]!;
      if (!isAllowed(event)) continue;
      const next = graph.targets[edge]! * 4 + ((at & 3) | (isFirst(event) ? 1 : 0) | (isSecond(event) ? 2 : 0));
      if (parents.has(next)) continue;
      parents.set(next, { from: at, event });
      queue.push(next);
      if (next === start * 4 + 3) return pathBack(parents, next, start * 4);
    }
  }
  return null;
}

function pathBack(parents: Map<number, { from: number; event: number }>, end: number, start: number): number[] {
  const events: number[] = [];
  for (let at = end; at !== start; at = parents.get(at)!.from) events.push(parents.get(at)!.event);
  return events.reverse();
}

function closure(graph: Graph, states: Uint8Array, isAllowed: EventFilter): Uint8Array {
  const reached = Uint8Array.from(states);
  const queue = [...reached.keys()].filter((state) => reached[state] === 1);
  for (const state of queue) {
    for (let edge = graph.firstEdge[state]!; edge < graph.firstEdge[state + 1]!; edge++) {
      const target = graph.targets[edge]!;
      if (reached[target] === 1 || !isAllowed(graph.events[edge]!)) continue;
      reached[target] = 1;
      queue.push(target);
    }
  }
  return reached;
}

function forEachEdge(graph: Graph, states: Uint8Array, visit: (event: number, target: number) => void): void {
  for (let edge = 0, state = 0; state < graph.states; state++) {
    for (; edge < graph.firstEdge[state + 1]!; edge++) {
      if (states[state] === 1) visit(graph.events[edge]!, graph.targets[edge]!);
    }
  }
}

function count(states: Uint8Array): number {
  let sum = 0;
  for (const flag of states) sum += flag;
  return sum;
}
