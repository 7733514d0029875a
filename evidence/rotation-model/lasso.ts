import type { Graph } from "./search";

export type EndlessPlay =
  /** No play has both for ever: the most rounds of the one followed by the other. */
  | { kind: "ends"; rounds: number }
  /** The way into a circle that has both, and the circle. */
  | { kind: "goes on"; way: number[]; circle: number[] };

type Which = (event: number) => boolean;

/** Whether a play exists in which something of either kind happens again and again, for ever. */
export function findEndlessPlay(
  graph: Graph,
  isOne: Which,
  isOther: Which,
  isAllowed: Which = () => true,
): EndlessPlay {
  const after = (states: Uint8Array, which: Which) => {
    const next = new Uint8Array(graph.states);
    forEachEdge(graph, states, (event, target) => {
      if (which(event) && isAllowed(event)) next[target] = 1;
    });
    return closure(graph, next, isAllowed);
  };
  const round = (states: Uint8Array) => after(after(states, isOne), isOther);

  // What can be reached by ever more rounds: a shrinking set, empty in the end or made of circles and what follows them.
  let endless: Uint8Array = new Uint8Array(graph.states).fill(1);
  for (let size = Infinity; count(endless) < size;) {
    size = count(endless);
    endless = round(endless);
  }
  if (count(endless) > 0) return someCircle(graph, endless, isOne, isOther, isAllowed);

  let rounds = -1;
  let states: Uint8Array = Uint8Array.from({ length: graph.states }, (_, state) => (state === 0 ? 1 : 0));
  for (states = closure(graph, states, isAllowed); count(states) > 0; states = round(states)) rounds++;
  return { kind: "ends", rounds };
}

function someCircle(graph: Graph, among: Uint8Array, isOne: Which, isOther: Which, isAllowed: Which): EndlessPlay {
  for (let state = 0; state < graph.states; state++) {
    if (among[state] === 0) continue;
    const circle = circleAt(graph, state, isOne, isOther, isAllowed);
    if (circle !== null) return { kind: "goes on", way: graph.wayTo(state), circle };
  }
  throw new Error("An endless play in a finite graph has a circle");
}

/** The shortest way from a state to itself with one of either kind on it: a search over (state, what has happened so far). */
function circleAt(graph: Graph, home: number, isOne: Which, isOther: Which, isAllowed: Which): number[] | null {
  const parents = new Map<number, { from: number; event: number }>();
  const queue = [home * 4];
  for (const at of queue) {
    const state = at >> 2;
    for (let edge = graph.firstEdge[state]!; edge < graph.firstEdge[state + 1]!; edge++) {
      const event = graph.events[edge]!;
      if (!isAllowed(event)) continue;
      const next = graph.targets[edge]! * 4 + ((at & 3) | (isOne(event) ? 1 : 0) | (isOther(event) ? 2 : 0));
      if (parents.has(next)) continue;
      parents.set(next, { from: at, event });
      queue.push(next);
      if (next === home * 4 + 3) return wayBack(parents, next, home * 4);
    }
  }
  return null;
}

function wayBack(parents: Map<number, { from: number; event: number }>, end: number, start: number): number[] {
  const events: number[] = [];
  for (let at = end; at !== start; at = parents.get(at)!.from) events.push(parents.get(at)!.event);
  return events.reverse();
}

function closure(graph: Graph, states: Uint8Array, isAllowed: Which): Uint8Array {
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
  for (const is of states) sum += is;
  return sum;
}
