import { expect, test } from "vitest";
import { findLasso } from "./lasso";
import { MessageBag } from "./message-bag";
import { CURRENT, INVALID, PREVIOUS } from "./policy";
import { explore, buildGraph, type Model } from "./search";
import { TokenTree } from "./token-tree";

/** A grid of 300 × 300 with moves to the right and upwards, and a violation at one place. */
function grid(wall: { row: number; messages: number } | null): Model {
  return {
    initial: { row: 0, messages: 0 },
    expand(row, messages, visitor) {
      if (wall?.row === row && wall.messages === messages) visitor.violates(9, 1);
      if (row < 299) visitor.reach(1, row + 1, messages);
      if (messages < 299) visitor.reach(2, row, messages + 1);
    },
  };
}

test("search: visits every reachable state once", () => {
  expect(explore(grid(null))).toEqual({ states: 90_000, transitions: 2 * 300 * 299, depth: 598, violation: null });
});

test("search: returns a shortest counterexample, the same one each time", () => {
  const { violation } = explore(grid({ row: 3, messages: 2 }));
  expect(violation?.events).toHaveLength(3 + 2 + 1);
  expect(explore(grid({ row: 3, messages: 2 })).violation).toEqual(violation);
});

test("message bag: the order of insertion does not matter", () => {
  const bag = new MessageBag(2, 5);
  const codes = ([CURRENT, PREVIOUS, INVALID] as const).map((token) =>
    bag.encode({ isResponse: token === PREVIOUS, token, age: 1 }),
  );
  const forwards = codes.reduce((messages, code) => bag.add(messages, code), 0);
  const backwards = codes.reduceRight((messages, code) => bag.add(messages, code), 0);
  expect(forwards).toBe(backwards);
  expect(codes.reduce((messages, code) => bag.remove(messages, code), forwards)).toBe(0);
});

test("message bag: drops a message older than the latency bound", () => {
  const bag = new MessageBag(2, 5);
  const sent = bag.add(0, bag.encode({ isResponse: false, token: CURRENT, age: 0 }));
  expect(bag.aged(bag.aged(sent))).not.toBe(0);
  expect(bag.aged(bag.aged(bag.aged(sent)))).toBe(0);
});

/** 0 → 1 → 2 → 1 with the events 1, 2, 3. */
const cycle: Model = {
  initial: { row: 0, messages: 0 },
  expand: (row, _, { reach }) => (row === 2 ? reach(3, 1, 0) : reach(row + 1, row + 1, 0)),
};

test("lasso: an infinite play needs one cycle with both kinds of event", () => {
  const graph = buildGraph(cycle);
  const has = (wanted: number) => (event: number) => event === wanted;
  expect(findLasso(graph, has(2), has(3))).toEqual({ kind: "infinite", stem: [1], cycle: [2, 3] });
  expect(findLasso(graph, has(1), has(3))).toEqual({ kind: "finite", rounds: 1 });
  expect(findLasso(graph, has(2), has(3), (event) => event !== 3)).toEqual({ kind: "finite", rounds: 0 });
});

test("token tree: a rotation and a recovery of one row make the same successor, with another predecessor", () => {
  const tree = new TokenTree(2, "by the row", true);
  const first = tree.successor(0, "rotate", 0)!;
  const [rotated, recovered] = (["rotate", "recover"] as const).map((creation) => tree.successor(first, creation, 1)!);
  expect(tree.isSameToken(rotated!, recovered!)).toBe(true);
  expect(tree.tokens[rotated!]!.previousNonce).toBe(tree.tokens[first]!.currentNonce);
  expect(tree.tokens[recovered!]!.previousNonce).toBe(tree.tokens[0]!.currentNonce);
  expect(tree.successor(rotated!, "rotate", 0)).toBeNull();
});

test("token tree: a random successor is another one after a loss", () => {
  const tree = new TokenTree(1, "at random", true);
  const [before, after] = [0, 1].map((losses) => tree.successor(0, "rotate", losses)!);
  expect(tree.isSameToken(before!, after!)).toBe(false);
  expect(tree.descends(before!, 0)).toBe(true);
  expect(tree.descends(before!, after!)).toBe(false);
});
