import { paint } from "@/scripts/progress.mjs";
import type { GaleraTests } from "./galera-tests";
import type { Row } from "./row";

const SHOWN_VIOLATIONS = 12;

export function printRow({ title, cells, violations }: Row, print: (text: string) => void): void {
  const width = Math.max(...Object.keys(cells).map((name) => name.length));
  print(`\n  ${title}\n\n`);
  for (const [name, value] of Object.entries(cells)) print(`  ${name.padEnd(width)}  ${value}\n`);
  print("\n");
  for (const [invariant, found] of Object.entries(violations)) {
    print(`  ${found.length === 0 ? paint("green", "held    ") : paint("red", "NOT HELD")}  ${invariant}\n`);
    for (const violation of found.slice(0, SHOWN_VIOLATIONS)) print(`              ${violation}\n`);
  }
  print("\n");
}

export function printTests(tests: GaleraTests, print: (text: string) => void): void {
  const { project, where, passed, excepted, repeated, problems, log } = tests;
  print(`  ${project}, ${where}: ${passed} passed, ${excepted} excepted, ${problems.length} problems\n`);
  for (const title of repeated) print(`    failed once, then passed each time: ${title}\n`);
  for (const problem of problems) print(`    ${paint("red", problem)}\n`);
  if (repeated.length + problems.length > 0) print(`    log: ${log}\n`);
}

/** The number of violations of each invariant in each set-up. */
export function violationsOf(rows: readonly Row[]): Record<string, number> {
  return Object.fromEntries(
    rows.flatMap(({ title, violations }) =>
      Object.entries(violations).map(([invariant, found]) => [`${title}: ${invariant}`, found.length]),
    ),
  );
}
