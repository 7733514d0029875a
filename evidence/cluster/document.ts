import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable, replaceBetween } from "@/evidence/rotation-model/markdown";
import { ROOT } from "@/scripts/paths.mjs";
import { SETUPS, SETUP_NAMES } from "./options";
import type { Row } from "./row";

const DOCUMENT = join(ROOT, "evidence", "cluster", "cluster.md");

/** Writes the rows of a run to one of the two tables. Rows of set-ups that were not run stay. */
export function writeRows(table: "this build" | "older build", rows: readonly Row[], introduction: string): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const [begin, end] = [`<!-- ${table}:begin -->`, `<!-- ${table}:end -->`];
  const before = text.slice(text.indexOf(begin), text.indexOf(end)).split("\n");
  const lines = SETUP_NAMES.flatMap((name) => {
    const { title } = SETUPS[name];
    const row = rows.find((one) => one.title === title);
    if (row !== undefined) return [[title, ...Object.values(row.cells)]];
    const old = before.find((line) => line.startsWith(`| ${title} `));
    return old === undefined ? [] : [cellsOf(old)];
  });
  const head = ["set-up", ...Object.keys(rows[0]!.cells)];
  const content = `${introduction}\n\n${markdownTable(head, lines)}`;
  writeFileSync(DOCUMENT, replaceBetween(text, begin, end, content));
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
}
