import { problem, warning, type Finding, type Group } from "@/ops/doctor/finding";
import { refreshTimeoutSeconds, requestTimeoutSeconds } from "@/server/auth/policy/lifetimes";
import type { ClockSample } from "./sample-clock";

export interface Offset {
  /** How far the other clock is ahead of ours. */
  milliseconds: number;
  /** By how much that may be wrong. */
  bound: number;
}

/** By the sample with the quickest answer: whatever it waited for, it may have waited for on either way. */
export function offsetOf(samples: readonly ClockSample[]): Offset | null {
  const quickest = [...samples].sort((a, b) => a.after - a.before - (b.after - b.before))[0];
  if (quickest === undefined) return null;
  const { before, remote, after } = quickest;
  // Our own clock tells whole milliseconds.
  return { milliseconds: remote - (before + after) / 2, bound: (after - before) / 2 + 1 };
}

/** A Date header (RFC 9110, section 6.6.1) tells whole seconds, and servers may keep one for another second. */
export function offsetOfDateHeader({ before, remote, after }: ClockSample): Offset {
  return { milliseconds: remote + 500 - (before + after) / 2, bound: (after - before) / 2 + 1500 };
}

export interface ClockFacts {
  database: Offset | null;
  deployment: Offset | null;
  graceSeconds: number;
}

/**
 * Of the grace window a request's life and the work of a refresh leave a rest for the way and for clocks that differ. Two
 * instances that are each half of it off may be the whole of it apart.
 */
export function judgeClocks({ database, deployment, graceSeconds }: ClockFacts): Group {
  const room = graceSeconds - requestTimeoutSeconds(graceSeconds) - 2 * refreshTimeoutSeconds(graceSeconds);
  const findings = [
    ...(database === null ? [] : judgeOffset("database", "The database's clock", database, room)),
    ...(deployment === null ? [] : judgeOffset("deployment", "The deployment's clock", deployment, room)),
  ];
  const told = [
    database === null ? [] : [`database ${formatOffset(database)}`],
    deployment === null ? [] : [`app ${formatOffset(deployment)}`],
  ].flat();
  const group = { title: "Clocks", healthy: told.join("; "), findings };
  return told.length === 0 ? { ...group, skipped: "nothing to compare with" } : group;
}

function judgeOffset(id: string, name: string, offset: Offset, roomSeconds: number): Finding[] {
  const atLeast = Math.max(0, Math.abs(offset.milliseconds) - offset.bound) / 1000;
  const says = `${name} is ${Math.abs(offset.milliseconds / 1000).toFixed(1)} s ${offset.milliseconds > 0 ? "ahead of" : "behind"} this machine's (± ${(offset.bound / 1000).toFixed(1)} s)`;
  const todo = "Let both follow one time server: timedatectl, or chronyc tracking, tells which one does not";
  if (atLeast > roomSeconds / 2)
    return [problem(`clock-${id}`, `${says}: instances that differ by ${roomSeconds} s sign honest people out.`, todo)];
  if (atLeast > roomSeconds / 8) return [warning(`clock-${id}`, `${says}.`, todo)];
  return [];
}

function formatOffset({ milliseconds, bound }: Offset): string {
  if (bound >= 1000) return `within ${Math.ceil((Math.abs(milliseconds) + bound) / 1000)} s`;
  return `${milliseconds < 0 ? "−" : "+"}${Math.abs(milliseconds).toFixed(1)} ms ± ${bound.toFixed(1)}`;
}
