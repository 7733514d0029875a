import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATA } from "@/scripts/paths.mjs";
import { paint } from "@/scripts/progress.mjs";
import { STAGES, type Options } from "./options";
import type { Stack } from "./stack";
import { INVARIANTS, quantile, type Invariant, type Tally } from "./tally";

const WIDTH = "Rotations killed after commit".length;
const DEADLOCK = 1213;
const LOCK_WAIT = 1205;

/** The one table, for people and as JSON beside it. True if every invariant held. */
export function report(options: Options, stack: Stack, tally: Tally, print: (text: string) => void): boolean {
  const rows = rowsOf(stack, tally);
  print(`\n  Fault lab, seed ${options.seed}, ${stack.server.version}\n\n`);
  for (const [name, value] of rows) print(`  ${name.padEnd(WIDTH)}  ${value}\n`);

  print("\n");
  const all = Object.keys(INVARIANTS) as Invariant[];
  const verdicts = all
    .filter((invariant) => tally.examined.has(invariant))
    .map((invariant) => ({ invariant, times: tally.brokenTimes(invariant) }));
  const unexamined = all.filter((invariant) => !tally.examined.has(invariant));
  for (const { invariant, times } of verdicts) {
    const mark = times === 0 ? paint("green", "held    ") : paint("red", "NOT HELD");
    print(`  ${mark}  ${INVARIANTS[invariant]}${times === 0 ? "" : ` (${times} times)`}\n`);
    for (const complaint of (tally.complaints.get(invariant) ?? []).slice(0, 5)) print(`              ${complaint}\n`);
  }
  for (const invariant of unexamined) print(`  –         ${INVARIANTS[invariant]}: not examined\n`);
  const file = keep(options, stack, tally, rows);
  print(`\n  All of it: ${file}\n`);
  // What a whole run did not look at, it cannot vouch for.
  const isWhole = !options.isShort && options.stages.length === STAGES.length;
  return verdicts.every(({ times }) => times === 0) && (!isWhole || unexamined.length === 0);
}

function rowsOf(stack: Stack, tally: Tally): [string, string][] {
  const wires = stack.instances.map(({ wire }) => wire.errors);
  const errors = (number: number) => wires.reduce((sum, seen) => sum + (seen.get(number) ?? 0), 0);
  const failures = [...tally.failures].sort(([, one], [, other]) => other - one);
  const { call, refresh } = tally.milliseconds;
  return [
    ["Sessions", String(tally.of("sessions"))],
    ["Requests", String(tally.of("requests"))],
    ["Rotations", String(tally.of("rotations"))],
    ["Reissues", String(tally.of("reissues"))],
    ["Lost replies", `${tally.of("lost replies")}, and ${tally.of("replies too late to count")} too late to count`],
    ["Late recoveries", String(tally.of("late recoveries"))],
    [
      "Sleeps",
      `${tally.of("sleeps")}, ${tally.of("overslept")} beyond the idle limit; ${tally.of("idled out")} cut off for as long`,
    ],
    ["Logouts", String(tally.of("logouts"))],
    ["Disasters", String(tally.of("disasters"))],
    [
      "Kills",
      `app ${stack.instances[0].kills + stack.instances[1].kills}, database ${stack.databaseKills}; database away ${tally.of("database away, seconds")} s`,
    ],
    ["Crash points", `${tally.of("crash points")}, in ${tally.of("operations")} operations`],
    ["Rotations killed after commit", String(tally.of("rotations killed after their commit"))],
    [
      "Thefts",
      `${tally.of("thefts planted")} planted, ${tally.of("thefts noticed")} noticed, ${tally.of("thefts never came through")} never came through`,
    ],
    [
      "Thefts in the window",
      `${tally.of("careless thefts planted")} planted, ${tally.of("careless thefts noticed")} noticed (need not be)`,
    ],
    ["Spurious logouts", String(tally.brokenTimes("signed in"))],
    ["Forks", `${tally.brokenTimes("one lineage")} (${tally.of("old tokens presented")} old tokens presented)`],
    [
      "Failed answers",
      failures.map(([kind, count]) => `${count} × ${kind}`).join(`\n${" ".repeat(WIDTH + 4)}`) || "none",
    ],
    ["Deadlocks", `${errors(DEADLOCK)} in the database, ${tally.brokenTimes("no deadlock")} reached a user`],
    ["Lock waits given up", String(errors(LOCK_WAIT))],
    ["Protected call", times(call)],
    ["Refresh", times(refresh)],
    ["Revocation lag", lag(tally.revocationLagMilliseconds)],
    ...[...tally.notes].map(([name, text]): [string, string] => [name[0]!.toUpperCase() + name.slice(1), text]),
  ];
}

function times(values: readonly number[]): string {
  return `p50 ${round(quantile(values, 0.5))} ms, p99 ${round(quantile(values, 0.99))} ms (${values.length} in calm times)`;
}

function lag(values: readonly number[]): string {
  return `max ${round(quantile(values, 1))} ms, p50 ${round(quantile(values, 0.5))} ms (${values.length} measured)`;
}

function round(value: number | null): string {
  return value === null ? "–" : value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function keep(options: Options, stack: Stack, tally: Tally, rows: [string, string][]): string {
  const folder = join(DATA, "lab");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replace(/[:.]/g, "-")}-seed-${options.seed}.json`);
  const whole = {
    options,
    server: stack.server.version,
    rows: Object.fromEntries(rows),
    counts: Object.fromEntries(tally.counts),
    failures: Object.fromEntries(tally.failures),
    invariants: Object.fromEntries([...tally.examined].map((name) => [name, tally.brokenTimes(name)])),
    complaints: Object.fromEntries(tally.complaints),
    revocationLagMilliseconds: tally.revocationLagMilliseconds,
  };
  for (const path of [file, ...(options.reportFile === undefined ? [] : [options.reportFile])]) {
    writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`);
  }
  return file;
}
