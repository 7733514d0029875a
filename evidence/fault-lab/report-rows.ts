import type { Options } from "./options";
import { TABS } from "./simulated-user";
import type { Stack } from "./stack";
import { quantile, type Tally } from "./results";

const DEADLOCK = 1213;
const LOCK_WAIT = 1205;

/** The table's rows: what was done to the product, how it took it, and what it cost. */
export function rowsOf(options: Options, stack: Stack, tally: Tally): [string, string | string[]][] {
  const wires = stack.instances.map(({ wire }) => wire.errors);
  const errors = (number: number) => wires.reduce((sum, seen) => sum + (seen.get(number) ?? 0), 0);
  const failures = [...tally.failures].sort(([, one], [, other]) => other - one);
  const { call, refresh } = tally.milliseconds;
  const appKills = stack.instances[0].kills + stack.instances[1].kills;
  return [
    ["Browsers", `${options.soak.browsers}, ${TABS} tabs each, for ${options.soak.seconds} s`],
    ["Sessions", String(tally.of("sessions"))],
    ["Requests", String(tally.of("requests"))],
    ["Network", tally.kindsOf("network")],
    ["Rotations", String(tally.of("rotations"))],
    ["Reissues", String(tally.of("reissues"))],
    [
      "Lost replies",
      `${shareOf(tally, "lost replies")}, and ${tally.of("replies too late to count")} too late to count`,
    ],
    ["Late recoveries", String(tally.of("late recoveries"))],
    [
      "Sleeps",
      `${tally.of("sleeps")}, ${tally.of("overslept")} beyond the idle limit; ${tally.of("idled out")} cut off for as long`,
    ],
    ["Logouts", String(tally.of("logouts"))],
    ["Disasters", [String(tally.of("disasters")), tally.kindsOf("disasters")]],
    ["Kills", `app ${appKills}, database ${stack.databaseKills}`],
    [
      "Crash points",
      [
        `${tally.of("crash points")}, in ${tally.of("operations")} operations`,
        tally.kindsOf("crash points"),
        tally.kindsOf("blows"),
      ],
    ],
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
    ["Failed answers", failures.length === 0 ? "none" : failures.map(([kind, count]) => `${count} × ${kind}`)],
    ["Deadlocks", `${errors(DEADLOCK)} in the database, ${tally.brokenTimes("no deadlock")} reached a user`],
    ["Lock waits given up", String(errors(LOCK_WAIT))],
    ["Protected call", times(call)],
    ["Refresh", times(refresh)],
    ["Revocation lag", lag(tally.revocationLagMilliseconds)],
    ...[...tally.notes].map(([name, text]): [string, string] => [name[0]!.toUpperCase() + name.slice(1), text]),
  ];
}

function shareOf(tally: Tally, name: string): string {
  const share = (100 * tally.of(name)) / Math.max(1, tally.of("requests"));
  return `${tally.of(name)} (${share.toFixed(1)} %)`;
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
