import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable, replaceBetween } from "@/evidence/rotation-model/markdown";
import { ROOT } from "@/scripts/paths.mjs";
import type { GaleraTests } from "./galera-tests";
import { SETUPS, SETUP_NAMES } from "./options";
import type { Row } from "./row";

const DOCUMENT = join(ROOT, "evidence", "cluster", "cluster.md");

/** Writes the row of a set-up to one of the two tables; the rows of the others stay. */
export function writeRow(table: "this build" | "older build", row: Row): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const [begin, end] = [`<!-- ${table}:begin -->`, `<!-- ${table}:end -->`];
  const before = text.slice(text.indexOf(begin), text.indexOf(end)).split("\n");
  const lines = SETUP_NAMES.flatMap((name) => {
    const { title } = SETUPS[name];
    if (row.title === title) return [[title, ...Object.values(row.cells)]];
    const old = before.find((line) => line.startsWith(`| ${title} `));
    return old === undefined ? [] : [cellsOf(old)];
  });
  const content = markdownTable(["set-up", ...Object.keys(row.cells)], lines);
  writeFileSync(DOCUMENT, replaceBetween(text, begin, end, content));
}

/** Writes the table of the tests on Galera. */
export function writeTests(results: readonly GaleraTests[]): void {
  const [begin, end] = ["<!-- tests on Galera:begin -->", "<!-- tests on Galera:end -->"];
  const rows = results.map(({ project, where, passed, excepted, repeated, problems }) =>
    [project, where, passed, repeated.length, excepted, problems.length].map(String),
  );
  const header = ["tests", "connections", "passed", "passed when repeated", "cannot pass there", "failed"];
  const text = readFileSync(DOCUMENT, "utf8");
  writeFileSync(DOCUMENT, replaceBetween(text, begin, end, markdownTable(header, rows)));
}

function cellsOf(line: string): string[] {
  const cells = line.slice(1, -1).split("|");
  return cells.map((cell) => cell.trim());
}
