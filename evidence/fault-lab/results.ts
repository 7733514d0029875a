/** The invariants, in the order of the report. */
export const INVARIANTS = {
  "signed in": "No legitimate browser was logged out",
  "one token family": "No session had two replacement tokens that both worked",
  "thefts detected": "Every token theft outside the grace window was detected",
  "cookies kept": "No fault cleared a session cookie",
  "ended sessions": "No ended session was accepted again",
  "revocation lag": "A revocation reached the other instance within 2 s",
  "crash points": "The app recovered from every crash point",
  "time limits": "Every operation finished within its time limit",
  "no errors": "No response was a 500, no redirect looped, no instance exited unexpectedly",
  isolation: "A fault of one session or instance did not affect others",
  "no deadlocks": "No deadlock reached a client",
  processes: "Hostile connections ended no process, and delayed no shutdown",
  recovery: "Calls and logins succeeded after every attack on connections",
  "request lines": "Every processed request of an attack left its line in the log, or was reported as dropped",
  descriptors: "Connections left file descriptors free, attacks leaked none, and pages worked after all were taken",
} as const;

export type Invariant = keyof typeof INVARIANTS;

const VIOLATIONS_KEPT = 20;

/** Counters, timings and violated invariants of a run. */
export class Results {
  readonly counts = new Map<string, number>();
  /** One-off measurements, as report text. */
  readonly notes = new Map<string, string>();
  /** Failed responses by status and reason. */
  readonly failures = new Map<string, number>();
  readonly violations = new Map<Invariant, string[]>();
  readonly violationCounts = new Map<Invariant, number>();
  /** Invariants that were checked at least once. */
  readonly checkedInvariants = new Set<Invariant>();
  readonly milliseconds = { call: [] as number[], refresh: [] as number[] };
  revocationLagMilliseconds: number[] = [];

  count(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  countOf(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  /** Formats the counters named "name: kind" as "12 kind, 3 other kind". */
  breakdown(name: string): string {
    const kinds = [...this.counts].filter(([key]) => key.startsWith(`${name}: `));
    return kinds.map(([key, count]) => `${count} ${key.slice(name.length + 2)}`).join(", ") || "none";
  }

  countFailure(kind: string): void {
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
  }

  addNote(name: string, text: string): void {
    this.notes.set(name, text);
  }

  check(invariant: Invariant, holds: boolean, violation: () => string): void {
    this.checkedInvariants.add(invariant);
    if (!holds) this.reportViolation(invariant, violation());
  }

  reportViolation(invariant: Invariant, violation: string): void {
    this.checkedInvariants.add(invariant);
    this.violationCounts.set(invariant, (this.violationCounts.get(invariant) ?? 0) + 1);
    const kept = this.violations.get(invariant) ?? [];
    if (kept.length < VIOLATIONS_KEPT) kept.push(`${new Date().toISOString()} ${violation}`);
    this.violations.set(invariant, kept);
  }

  violationCount(invariant: Invariant): number {
    return this.violationCounts.get(invariant) ?? 0;
  }
}

/** The smallest value that at least this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
