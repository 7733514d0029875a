import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const SERIES = { R: 17, L: 11, D: 4, E: 14, F: 6, G: 16, A: 18 };

const rows = readFileSync("docs/cases.md", "utf8")
  .split("\n")
  .filter((line) => /^\| [A-Z]\d+ /.test(line))
  .map((line) => line.split("|").slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()))
  .map((cells) => ({ id: cells[0] ?? "", tests: (cells.at(-1) ?? "").split(" · ") }));

test("no case is left out, and none is there twice", () => {
  const expected = Object.entries(SERIES).flatMap(([series, count]) =>
    Array.from({ length: count }, (_, index) => `${series}${index + 1}`),
  );
  expect(rows.map(({ id }) => id)).toEqual(expected);
});

test.each(rows)("what keeps $id from happening is where it is said to be", ({ tests }) => {
  for (const cited of tests) {
    const [, file = "", title = ""] = /^`(.+?)`: (.+)$/.exec(cited) ?? [];
    expect(existsSync(file), `${cited}: there is no ${file}`).toBe(true);
    // The name of a test, of a group of them, or of a fault of the lab; comments do not count.
    const code = readFileSync(file, "utf8").replace(/^\s*(\/\/|\*).*$/gm, "");
    expect(code, cited).toMatch(new RegExp(`["\`][^"\`\\n]*${escaped(title)}`));
  }
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
