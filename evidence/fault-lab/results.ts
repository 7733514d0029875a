/** What must never happen, in the order in which the report says so. */
export const INVARIANTS = {
  "signed in": "No honest browser was logged out",
  "one lineage": "No session had two successors that both worked",
  "thefts noticed": "Every theft clear of the window was noticed",
  "cookies kept": "No fault took a cookie away",
  "ended stays ended": "Nothing that was ended answered again",
  "revoked at once": "A revocation reached the other instance within 2 s",
  "crash points": "Every crash point was survived",
  "in time": "Nothing hung longer than it may",
  "no fault": "No answer was a 500, no redirect a loop, no instance ended by itself",
  "others unharmed": "Trouble of one stayed the trouble of one",
  "no deadlock": "No deadlock reached a user",
} as const;

export type Invariant = keyof typeof INVARIANTS;

const VIOLATIONS_KEPT = 20;

/** Everything that is counted, timed or complained about. */
export class Results {
  readonly counts = new Map<string, number>();
  /** What was measured once, in words. */
  readonly notes = new Map<string, string>();
  /** Answers that failed, by status and reason. */
  readonly failures = new Map<string, number>();
  readonly violations = new Map<Invariant, string[]>();
  readonly violationCounts = new Map<Invariant, number>();
  /** Invariants that something has been held against. */
  readonly checkedInvariants = new Set<Invariant>();
  readonly milliseconds = { call: [] as number[], refresh: [] as number[] };
  revocationLagMilliseconds: number[] = [];

  count(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  countOf(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  /** What was counted under "name: kind", as "12 kind, 3 other kind". */
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

  /** Holds a fact against an invariant. */
  check(invariant: Invariant, holds: boolean, complaint: () => string): void {
    this.checkedInvariants.add(invariant);
    if (!holds) this.reportViolation(invariant, complaint());
  }

  reportViolation(invariant: Invariant, complaint: string): void {
    this.checkedInvariants.add(invariant);
    this.violationCounts.set(invariant, (this.violationCounts.get(invariant) ?? 0) + 1);
    const kept = this.violations.get(invariant) ?? [];
    if (kept.length < VIOLATIONS_KEPT) kept.push(`${new Date().toISOString()} ${complaint}`);
    this.violations.set(invariant, kept);
  }

  violationCount(invariant: Invariant): number {
    return this.violationCounts.get(invariant) ?? 0;
  }
}

/** The value that this share of the others does not exceed. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
