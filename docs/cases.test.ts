import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { expectTitleExists } from "./testing";

const SERIES = { R: 17, L: 13, D: 4, E: 14, F: 6, H: 20, U: 10, G: 16, A: 18, K: 13, M: 13 };

const rows = readFileSync("docs/cases.md", "utf8")
  .split("\n")
  .filter((line) => /^\| [A-Z]\d+ /.test(line))
  .map((line) => line.split("|").slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()))
  .map((cells) => ({ id: cells[0] ?? "", tests: (cells.at(-1) ?? "").split(" · ") }));

test("cases.md: lists every case once, in order", () => {
  const expected = Object.entries(SERIES).flatMap(([series, count]) =>
    Array.from({ length: count }, (_, index) => `${series}${index + 1}`),
  );
  expect(rows.map(({ id }) => id)).toEqual(expected);
});

test.each(rows)("cases.md: the tests cited for $id exist", ({ tests }) => {
  for (const cited of tests) expectTitleExists(cited);
});
