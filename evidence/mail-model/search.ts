/** Who makes a transition: the owner, and the delivery of mails, are what the owner may count on. */
export type Actor = "owner" | "delivery" | "time" | "thief" | "outsider" | "scanner";

export interface Transition<State> {
  by: Actor;
  /** A sentence for the trace. */
  event: string;
  next: State;
  /** The property that this transition violates. */
  violates?: Property | undefined;
}

export const PROPERTIES = {
  1: "no scanner consumes a link",
  2: "the owner always finishes",
  3: "a link opens no session, and a thief without the second factor gets none",
  4: "a link has one effect, within its life",
  5: "once the owner has chosen a new password, nothing that a thief had obtained works",
  6: "no second request and no outsider ends a link of the owner",
  7: "at most five wrong codes are compared",
} as const;

export type Property = keyof typeof PROPERTIES;

export interface Model<State> {
  initial: State;
  keyOf: (state: State) => string;
  transitions: (state: State) => Transition<State>[];
  /** The owner has what was wanted. */
  isDone: (state: State) => boolean;
  /** States of which no more can be asked, such as one after the deadline. */
  isOver: (state: State) => boolean;
}

export interface SearchResult {
  states: number;
  transitions: number;
  /** A shortest counterexample, or null. */
  counterexample: { property: Property; trace: string[] } | null;
}

const MAX_STATES = 150_000;

/** Visits every reachable state, breadth-first, so that a counterexample is a shortest one. Deterministic. */
export function explore<State>({ initial, keyOf, transitions, isDone, isOver }: Model<State>): SearchResult {
  const states = [initial];
  const numbers = new Map([[keyOf(initial), 0]]);
  const origins: { from: number; event: string }[] = [{ from: -1, event: "" }];
  /** For each state those from which the owner alone reaches it. */
  const predecessors: number[][] = [[]];
  let count = 0;

  for (let at = 0; at < states.length; at++) {
    for (const { by, event, next, violates } of transitions(states[at]!)) {
      count++;
      if (violates !== undefined) {
        const counterexample = { property: violates, trace: [...traceTo(at), event] };
        return { states: states.length, transitions: count, counterexample };
      }
      const key = keyOf(next);
      let number = numbers.get(key);
      if (number === undefined) {
        if (states.length === MAX_STATES) throw new Error(`More than ${MAX_STATES} states: choose smaller bounds`);
        number = states.push(next) - 1;
        numbers.set(key, number);
        origins.push({ from: at, event });
        predecessors.push([]);
      }
      if (by === "owner" || by === "delivery" || by === "time") predecessors[number]!.push(at);
    }
  }

  const finishes = new Uint8Array(states.length);
  const reached = states.flatMap((state, number) => (isDone(state) ? [number] : []));
  for (const number of reached) finishes[number] = 1;
  for (let number = reached.pop(); number !== undefined; number = reached.pop()) {
    for (const before of predecessors[number]!) {
      if (finishes[before] === 0) reached.push(before);
      finishes[before] = 1;
    }
  }
  const stuck = states.findIndex((state, number) => finishes[number] === 0 && !isOver(state));
  const counterexample =
    stuck === -1 ? null : { property: 2 as const, trace: [...traceTo(stuck), "From here the owner cannot finish."] };
  return { states: states.length, transitions: count, counterexample };

  function traceTo(state: number): string[] {
    const events: string[] = [];
    for (let at = state; origins[at]!.from !== -1; at = origins[at]!.from) events.unshift(origins[at]!.event);
    return events;
  }
}
