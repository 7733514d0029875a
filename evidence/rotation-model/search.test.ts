import { expect, test } from "vitest";
import { findEndlessPlay } from "./lasso";
import { Flight } from "./message-bag";
import { CURRENT, DEAD, PREVIOUS } from "./policy";
import { explore, graphOf, type Model } from "./search";

/** A grid of 300 × 300 that can be walked to the right and upwards, with a wall breaking at one place. */
function grid(wall: { row: number; flight: number } | null): Model {
  return {
    start: { row: 0, flight: 0 },
    expand(row, flight, visitor) {
      if (wall?.row === row && wall.flight === flight) visitor.breaks(9, 1);
      if (row < 299) visitor.reach(1, row + 1, flight);
      if (flight < 299) visitor.reach(2, row, flight + 1);
    },
  };
}

test("every reachable state is visited once", () => {
  expect(explore(grid(null))).toEqual({ states: 90_000, moves: 2 * 300 * 299, depth: 598, broken: null });
});

test("the counter-example is a shortest one, and the same each time", () => {
  const { broken } = explore(grid({ row: 3, flight: 2 }));
  expect(broken?.events).toHaveLength(3 + 2 + 1);
  expect(explore(grid({ row: 3, flight: 2 })).broken).toEqual(broken);
});

test("messages that differ in their order only are one state", () => {
  const flights = new Flight(2, 5);
  const codes = ([CURRENT, PREVIOUS, DEAD] as const).map((token) =>
    flights.codeOf({ isReply: token === PREVIOUS, token, age: 1 }),
  );
  const forwards = codes.reduce((flight, code) => flights.plus(flight, code), 0);
  const backwards = codes.reduceRight((flight, code) => flights.plus(flight, code), 0);
  expect(forwards).toBe(backwards);
  expect(codes.reduce((flight, code) => flights.minus(flight, code), forwards)).toBe(0);
});

test("a message that is too old is lost", () => {
  const flights = new Flight(2, 5);
  const sent = flights.plus(0, flights.codeOf({ isReply: false, token: CURRENT, age: 0 }));
  expect(flights.older(flights.older(sent))).not.toBe(0);
  expect(flights.older(flights.older(flights.older(sent)))).toBe(0);
});

/** 0 → 1 → 2 → 1 with the events 1, 2, 3. */
const circle: Model = {
  start: { row: 0, flight: 0 },
  expand: (row, _, { reach }) => (row === 2 ? reach(3, 1, 0) : reach(row + 1, row + 1, 0)),
};

test("a play goes on for ever only if one circle has both events", () => {
  const graph = graphOf(circle);
  const has = (wanted: number) => (event: number) => event === wanted;
  expect(findEndlessPlay(graph, has(2), has(3))).toEqual({ kind: "goes on", way: [1], circle: [2, 3] });
  expect(findEndlessPlay(graph, has(1), has(3))).toEqual({ kind: "ends", rounds: 1 });
  expect(findEndlessPlay(graph, has(2), has(3), (event) => event !== 3)).toEqual({ kind: "ends", rounds: 0 });
});
