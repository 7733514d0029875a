import { expect, test } from "vitest";
import { bytesBySource } from "./bytes-by-source";

test("bytes by source: each character belongs to its segment", () => {
  // Column 0 of a.ts, column 5 of b.ts; in the second line column 3 of a.ts.
  const map = { sources: ["a.ts", "b.ts"], mappings: "AAAA,KCAA;GDAA" };
  expect(Object.fromEntries(bytesBySource("aaaaabbb\n---aa", map))).toEqual({ "a.ts": 7, "b.ts": 3, "": 3 });
});

test("bytes by source: code of the bundler has no source", () => {
  expect(Object.fromEntries(bytesBySource("aa--b", { sources: ["a.ts"], mappings: "AAAA,E,EAAA" }))).toEqual({
    "a.ts": 3,
    "": 2,
  });
});

test("bytes by source: sections are offset", () => {
  const part = (name: string) => ({ sources: [name], mappings: "AAAA" });
  const sections = [
    { offset: { line: 0, column: 2 }, map: part("a.ts") },
    { offset: { line: 1, column: 0 }, map: part("b.ts") },
  ];
  expect(Object.fromEntries(bytesBySource("--aaa\nbbbb", { sections }))).toEqual({ "a.ts": 3, "b.ts": 4, "": 2 });
});

test("bytes by source: negative and multi-digit VLQ values are decoded", () => {
  // "gB" is 16, "D" is -1.
  const map = { sources: ["a.ts", "b.ts"], mappings: "ACAA,gBDAA" };
  expect(Object.fromEntries(bytesBySource(`${"b".repeat(16)}aa`, map))).toEqual({ "b.ts": 16, "a.ts": 2 });
});
