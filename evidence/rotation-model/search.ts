import { StateTable, type PackedState } from "./state-table";

/** Receives the transitions of one state and the events that violate an invariant. */
export interface Visitor {
  reach(event: number, row: number, messages: number): void;
  violates(event: number, invariant: Invariant): void;
}

export type Invariant = 1 | 2 | 3 | 4 | 5 | 6;

export interface Model {
  initial: PackedState;
  expand(row: number, messages: number, visitor: Visitor): void;
}

export interface SearchResult {
  states: number;
  transitions: number;
  /** Steps from the initial state to the farthest one. */
  depth: number;
  /** Null if no reachable state violates an invariant; otherwise a shortest counterexample. */
  violation: { invariant: Invariant; events: number[] } | null;
}

const MAX_STATES = 30_000_000;

/** Breadth-first, so the first counterexample is a shortest one. Deterministic: the same model gives the same numbers. */
export function explore({ initial, expand }: Model): SearchResult {
  const seen = new StateTable();
  seen.add(initial.row, initial.messages, -1, 0);
  let at = 0;
  let transitions = 0;
  let depth = 0;
  let levelEnd = 1;
  let violation: SearchResult["violation"] = null;

  const visitor: Visitor = {
    reach(event, row, messages) {
      transitions++;
      seen.add(row, messages, at, event);
    },
    violates(event, invariant) {
      transitions++;
      violation ??= { invariant, events: [...seen.pathTo(at), event] };
    },
  };
  for (; at < seen.size && violation === null; at++) {
    if (at === levelEnd) {
      depth++;
      levelEnd = seen.size;
    }
    if (seen.size > MAX_STATES) throw new Error(`More than ${MAX_STATES} states: choose smaller bounds`);
    expand(seen.rows[at]!, seen.messageSets[at]!, visitor);
  }
  return { states: seen.size, transitions, depth, violation };
}

/** All reachable states and transitions. */
export interface Graph {
  states: number;
  rows: Float64Array;
  /** The edges of state `s` are those from `firstEdge[s]` up to `firstEdge[s + 1]`. */
  firstEdge: number[];
  targets: number[];
  events: number[];
  pathTo(state: number): number[];
}

export function buildGraph({ initial, expand }: Model): Graph {
  const seen = new StateTable();
  seen.add(initial.row, initial.messages, -1, 0);
  const firstEdge: number[] = [];
  const targets: number[] = [];
  const events: number[] = [];
  for (let at = 0; at < seen.size; at++) {
    firstEdge.push(targets.length);
    expand(seen.rows[at]!, seen.messageSets[at]!, {
      reach(event, row, messages) {
        targets.push(seen.add(row, messages, at, event));
        events.push(event);
      },
      violates() {},
    });
  }
  firstEdge.push(targets.length);
  return {
    states: seen.size,
    rows: seen.rows.subarray(0, seen.size),
    firstEdge,
    targets,
    events,
    pathTo: (state) => seen.pathTo(state),
  };
}
