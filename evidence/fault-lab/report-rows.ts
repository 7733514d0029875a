import type { Options } from "./options";
import { quantile, type Results } from "./results";
import { TABS } from "./simulated-user";
import type { Stack } from "./stack";

const DEADLOCK = 1213;
const LOCK_WAIT_TIMEOUT = 1205;

/** The rows of the report. */
export function reportRows(options: Options, stack: Stack, results: Results): [string, string | string[]][] {
  const errorCounts = stack.instances.map(({ databaseProxy }) => databaseProxy.errorCounts);
  const errors = (number: number) => errorCounts.reduce((sum, seen) => sum + (seen.get(number) ?? 0), 0);
  const failures = [...results.failures].sort(([, one], [, other]) => other - one);
  const { call, refresh } = results.milliseconds;
  const appKills = stack.instances[0].kills + stack.instances[1].kills;
  return [
    ["Browsers", `${options.soak.browsers}, ${TABS} tabs each, for ${options.soak.seconds} s`],
    ["Sessions", String(results.countOf("sessions"))],
    ["Requests", String(results.countOf("requests"))],
    ["Network", results.breakdown("network")],
    ["Rotations", String(results.countOf("rotations"))],
    ["Reissues", String(results.countOf("reissues"))],
    [
      "Lost responses",
      `${formatShare(results, "lost responses")}, and ${results.countOf("responses after the timeout")} after the timeout`,
    ],
    ["Late recoveries", String(results.countOf("late recoveries"))],
    [
      "Absences",
      `${results.countOf("absences")}, ${results.countOf("idle timeouts")} beyond the idle timeout; ${results.countOf("idled out")} without a response for as long`,
    ],
    ["Logouts", String(results.countOf("logouts"))],
    ["Faults", [String(results.countOf("faults")), results.breakdown("faults")]],
    ["Kills", `app ${appKills}, database ${stack.databaseKills}`],
    [
      "Crash points",
      [
        `${results.countOf("crash points")}, in ${results.countOf("operations")} operations`,
        results.breakdown("crash points"),
        results.breakdown("crashes"),
      ],
    ],
    ["Rotations killed after commit", String(results.countOf("rotations killed after their commit"))],
    [
      "Thefts",
      `${results.countOf("thefts simulated")} simulated, ${results.countOf("thefts detected")} detected, ${results.countOf("thefts inconclusive")} inconclusive`,
    ],
    [
      "Thefts in the grace window",
      `${results.countOf("thefts within grace simulated")} simulated, ${results.countOf("thefts within grace detected")} detected (not required)`,
    ],
    ["Unexpected logouts", String(results.violationCount("signed in"))],
    [
      "Forks",
      `${results.violationCount("one token family")} (${results.countOf("old tokens presented")} old tokens presented)`,
    ],
    ["Failed responses", failures.length === 0 ? "none" : failures.map(([kind, count]) => `${count} × ${kind}`)],
    ["Deadlocks", `${errors(DEADLOCK)} in the database, ${results.violationCount("no deadlocks")} reached a client`],
    ["Lock wait timeouts", String(errors(LOCK_WAIT_TIMEOUT))],
    ["Protected call", formatTimes(call)],
    ["Refresh", formatTimes(refresh)],
    ["Revocation lag", formatLag(results.revocationLagMilliseconds)],
    ...[...results.notes].map(([name, text]): [string, string] => [name[0]!.toUpperCase() + name.slice(1), text]),
  ];
}

function formatShare(results: Results, name: string): string {
  const share = (100 * results.countOf(name)) / Math.max(1, results.countOf("requests"));
  return `${results.countOf(name)} (${share.toFixed(1)} %)`;
}

function formatTimes(values: readonly number[]): string {
  return `p50 ${round(quantile(values, 0.5))} ms, p99 ${round(quantile(values, 0.99))} ms (${values.length} without active fault)`;
}

function formatLag(values: readonly number[]): string {
  return `max ${round(quantile(values, 1))} ms, p50 ${round(quantile(values, 0.5))} ms (${values.length} measured)`;
}

function round(value: number | null): string {
  return value === null ? "–" : value < 10 ? value.toFixed(1) : String(Math.round(value));
}
