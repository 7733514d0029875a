import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable, replaceBetween } from "@/evidence/rotation-model/markdown";
import { ROOT } from "@/scripts/paths.mjs";
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

function cellsOf(line: string): string[] {
  const cells = line.slice(1, -1).split("|");
  return cells.map((cell) => cell.trim());
}
