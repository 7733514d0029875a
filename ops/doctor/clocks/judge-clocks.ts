import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { refreshTimeoutSeconds, requestTimeoutSeconds } from "@/server/auth/policy/lifetimes";
import type { ClockSample } from "./sample-clock";

export interface Offset {
  /** Remote time minus local time. */
  milliseconds: number;
  /** Maximum error of the estimate. */
  bound: number;
}

/** Uses the sample with the shortest round trip: the error is at most half of it. */
export function offsetOf(samples: readonly ClockSample[]): Offset | null {
  const quickest = [...samples].sort((a, b) => a.after - a.before - (b.after - b.before))[0];
  if (quickest === undefined) return null;
  const { before, remote, after } = quickest;
  // The local clock has a resolution of one millisecond.
  return { milliseconds: remote - (before + after) / 2, bound: (after - before) / 2 + 1 };
}

/** A Date header (RFC 9110, section 6.6.1) has a resolution of one second, and servers may cache it for another. */
export function offsetOfDateHeader({ before, remote, after }: ClockSample): Offset {
  return { milliseconds: remote + 500 - (before + after) / 2, bound: (after - before) / 2 + 1500 };
}

export interface ClockFacts {
  database: Offset | null;
  deployment: Offset | null;
  graceSeconds: number;
}

/**
 * The grace window covers the lifetime of a request, the work of a refresh, network latency and clock differences. Two
 * instances can differ from each other by twice their offset from this machine.
 */
export function judgeClocks({ database, deployment, graceSeconds }: ClockFacts): Group {
  const toleranceSeconds = graceSeconds - requestTimeoutSeconds(graceSeconds) - 2 * refreshTimeoutSeconds(graceSeconds);
  const findings = [
    ...(database === null ? [] : judgeOffset("database", "The database's clock", database, toleranceSeconds)),
    ...(deployment === null ? [] : judgeOffset("deployment", "The deployment's clock", deployment, toleranceSeconds)),
  ];
  const summaries = [
    database === null ? [] : [`database ${formatOffset(database)}`],
    deployment === null ? [] : [`app ${formatOffset(deployment)}`],
  ].flat();
  const group = { title: "Clocks", healthy: summaries.join("; "), findings };
  return summaries.length === 0 ? { ...group, skipped: "no other clock available" } : group;
}

function judgeOffset(id: string, name: string, offset: Offset, toleranceSeconds: number): Finding[] {
  const atLeast = Math.max(0, Math.abs(offset.milliseconds) - offset.bound) / 1000;
  const says = `${name} is ${Math.abs(offset.milliseconds / 1000).toFixed(1)} s ${offset.milliseconds > 0 ? "ahead of" : "behind"} this machine's (± ${(offset.bound / 1000).toFixed(1)} s)`;
  const todo = "Synchronise both with NTP; check with timedatectl or chronyc tracking";
  if (atLeast > toleranceSeconds / 2)
    return [
      problem(
        `clock-${id}`,
        `${says}: instances whose clocks differ by ${toleranceSeconds} s end valid sessions.`,
        todo,
      ),
    ];
  if (atLeast > toleranceSeconds / 8) return [warning(`clock-${id}`, `${says}.`, todo)];
  return [];
}

function formatOffset({ milliseconds, bound }: Offset): string {
  if (bound >= 1000) return `within ${Math.ceil((Math.abs(milliseconds) + bound) / 1000)} s`;
  return `${milliseconds < 0 ? "−" : "+"}${Math.abs(milliseconds).toFixed(1)} ms ± ${bound.toFixed(1)}`;
}
