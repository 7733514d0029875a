import { expect, test } from "vitest";
import { Random } from "./random";

const draws = (random: Random, count = 1000) => Array.from({ length: count }, () => random.next());

test("random: the same seed repeats a sequence and another seed does not", () => {
  expect(draws(new Random(7))).toEqual(draws(new Random(7)));
  expect(draws(new Random(7))).not.toEqual(draws(new Random(8)));
});

test("random: a stream does not depend on draws from other streams", () => {
  const one = new Random(7);
  draws(one, 13);
  expect(draws(one.stream("user 3"))).toEqual(draws(new Random(7).stream("user 3")));
  expect(draws(one.stream("user 3"))).not.toEqual(draws(one.stream("user 4")));
});

test("random: draws are uniform and pickWeighted follows its weights", () => {
  const random = new Random(7);
  const mean = draws(random, 20_000).reduce((sum, value) => sum + value, 0) / 20_000;
  expect(mean).toBeCloseTo(0.5, 1);
  const picked = Array.from({ length: 10_000 }, () => random.pickWeighted({ often: 9, seldom: 1, never: 0 }));
  expect(picked.filter((name) => name === "seldom").length / 10_000).toBeCloseTo(0.1, 1);
  expect(picked).not.toContain("never");
});

test("random: shuffled keeps each item once, and each position is equally likely", () => {
  const random = new Random(7);
  const shuffles = Array.from({ length: 6000 }, () => random.shuffled(["a", "b", "c"]));
  for (const shuffle of shuffles) expect(shuffle.toSorted()).toEqual(["a", "b", "c"]);
  for (const at of [0, 1, 2]) expect(shuffles.filter((one) => one[at] === "a").length / 6000).toBeCloseTo(1 / 3, 1);
});
