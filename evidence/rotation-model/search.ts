import { StateTable, type Packed } from "./state-table";

/** Told by a model about one state: where each event leads, and which events break an invariant. */
export interface Visitor {
  reach(event: number, row: number, flight: number): void;
  breaks(event: number, invariant: Invariant): void;
}

export type Invariant = 1 | 2 | 3 | 4 | 5;

export interface Model {
  start: Packed;
  expand(row: number, flight: number, visitor: Visitor): void;
}

export interface Exploration {
  states: number;
  moves: number;
  /** Steps from the start to the farthest state. */
  depth: number;
  /** Null if every reachable state keeps every invariant; else one of the shortest ways to break one. */
  broken: { invariant: Invariant; events: number[] } | null;
}

const STATES_AT_MOST = 30_000_000;

/** Breadth first, so the first counter-example is a shortest one. Deterministic: the same model gives the same numbers. */
export function explore({ start, expand }: Model): Exploration {
  const seen = new StateTable();
  seen.add(start.row, start.flight, -1, 0);
  let at = 0;
  let moves = 0;
  let depth = 0;
  let levelEnd = 1;
  let broken: Exploration["broken"] = null;

  const visitor: Visitor = {
    reach(event, row, flight) {
      moves++;
      seen.add(row, flight, at, event);
    },
    breaks(event, invariant) {
      moves++;
      broken ??= { invariant, events: [...seen.wayTo(at), event] };
    },
  };
  for (; at < seen.size && broken === null; at++) {
    if (at === levelEnd) {
      depth++;
      levelEnd = seen.size;
    }
    if (seen.size > STATES_AT_MOST) throw new Error(`More than ${STATES_AT_MOST} states: choose smaller bounds`);
    expand(seen.rows[at]!, seen.flights[at]!, visitor);
  }
  return { states: seen.size, moves, depth, broken };
}

/** All reachable states and what leads from where to where. */
export interface Graph {
  states: number;
  rows: Int32Array;
  /** The edges of state `s` are those from `firstEdge[s]` up to `firstEdge[s + 1]`. */
  firstEdge: number[];
  targets: number[];
  events: number[];
  wayTo(state: number): number[];
}

export function graphOf({ start, expand }: Model): Graph {
  const seen = new StateTable();
  seen.add(start.row, start.flight, -1, 0);
  const firstEdge: number[] = [];
  const targets: number[] = [];
  const events: number[] = [];
  for (let at = 0; at < seen.size; at++) {
    firstEdge.push(targets.length);
    expand(seen.rows[at]!, seen.flights[at]!, {
      reach(event, row, flight) {
        targets.push(seen.add(row, flight, at, event));
        events.push(event);
      },
      breaks() {},
    });
  }
  firstEdge.push(targets.length);
  return {
    states: seen.size,
    rows: seen.rows.subarray(0, seen.size),
    firstEdge,
    targets,
    events,
    wayTo: (state) => seen.wayTo(state),
  };
}
