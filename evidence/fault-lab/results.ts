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

const COMPLAINTS_KEPT = 20;

/** Everything that is counted, timed or complained about. */
export class Tally {
  readonly counts = new Map<string, number>();
  /** What was measured once, in words. */
  readonly notes = new Map<string, string>();
  /** Answers that failed, by status and reason. */
  readonly failures = new Map<string, number>();
  readonly complaints = new Map<Invariant, string[]>();
  readonly broken = new Map<Invariant, number>();
  /** Invariants that something has been held against. */
  readonly examined = new Set<Invariant>();
  readonly milliseconds = { call: [] as number[], refresh: [] as number[] };
  revocationLagMilliseconds: number[] = [];

  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  /** What was counted under "name: kind", as "12 kind, 3 other kind". */
  kindsOf(name: string): string {
    const kinds = [...this.counts].filter(([key]) => key.startsWith(`${name}: `));
    return kinds.map(([key, count]) => `${count} ${key.slice(name.length + 2)}`).join(", ") || "none";
  }

  fail(kind: string): void {
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
  }

  note(name: string, text: string): void {
    this.notes.set(name, text);
  }

  /** Holds a fact against an invariant. */
  expect(invariant: Invariant, holds: boolean, complaint: () => string): void {
    this.examined.add(invariant);
    if (!holds) this.complain(invariant, complaint());
  }

  complain(invariant: Invariant, complaint: string): void {
    this.examined.add(invariant);
    this.broken.set(invariant, (this.broken.get(invariant) ?? 0) + 1);
    const kept = this.complaints.get(invariant) ?? [];
    if (kept.length < COMPLAINTS_KEPT) kept.push(`${new Date().toISOString()} ${complaint}`);
    this.complaints.set(invariant, kept);
  }

  brokenTimes(invariant: Invariant): number {
    return this.broken.get(invariant) ?? 0;
  }
}

/** The value that this share of the others does not exceed. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
