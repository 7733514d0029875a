import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATA } from "@/scripts/paths.mjs";
import { paint } from "@/scripts/progress.mjs";
import { STAGES, type Options } from "./options";
import { reportRows } from "./report-rows";
import { INVARIANTS, type Invariant, type Results } from "./results";
import type { Stack } from "./stack";

const WIDTH = "Rotations killed after commit".length;

/** Prints the report and writes it as JSON. True if every invariant held. */
export function printReport(options: Options, stack: Stack, results: Results, print: (text: string) => void): boolean {
  const rows = reportRows(options, stack, results);
  print(`\n  Fault lab, seed ${options.seed}, ${stack.server.version}\n\n`);
  for (const [name, value] of rows) {
    const [first, ...others] = [value].flat();
    print(`  ${name.padEnd(WIDTH)}  ${first}\n`);
    for (const line of others) print(`  ${" ".repeat(WIDTH)}  ${line}\n`);
  }

  print("\n");
  const all = Object.keys(INVARIANTS) as Invariant[];
  const checked = all
    .filter((invariant) => results.checkedInvariants.has(invariant))
    .map((invariant) => ({ invariant, times: results.violationCount(invariant) }));
  const unchecked = all.filter((invariant) => !results.checkedInvariants.has(invariant));
  for (const { invariant, times } of checked) {
    const mark = times === 0 ? paint("green", "held    ") : paint("red", "NOT HELD");
    print(`  ${mark}  ${INVARIANTS[invariant]}${times === 0 ? "" : ` (${times} times)`}\n`);
    for (const violation of (results.violations.get(invariant) ?? []).slice(0, 5))
      print(`              ${violation}\n`);
  }
  for (const invariant of unchecked) print(`  –         ${INVARIANTS[invariant]}: not checked\n`);
  const file = writeReport(options, stack, results, rows);
  print(`\n  Full report: ${file}\n`);
  // A full run fails if an invariant was not checked.
  const isFullRun = !options.isShort && options.stages.length === STAGES.length;
  return checked.every(({ times }) => times === 0) && (!isFullRun || unchecked.length === 0);
}

function writeReport(options: Options, stack: Stack, results: Results, rows: [string, string | string[]][]): string {
  const folder = join(DATA, "lab");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replace(/[:.]/g, "-")}-seed-${options.seed}.json`);
  const content = {
    options,
    server: stack.server.version,
    rows: Object.fromEntries(rows),
    counts: Object.fromEntries(results.counts),
    failures: Object.fromEntries(results.failures),
    invariants: Object.fromEntries([...results.checkedInvariants].map((name) => [name, results.violationCount(name)])),
    violations: Object.fromEntries(results.violations),
    revocationLagMilliseconds: results.revocationLagMilliseconds,
  };
  for (const path of [file, ...(options.reportFile === undefined ? [] : [options.reportFile])]) {
    writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
  }
  return file;
}
