import { INVARIANTS, type Invariant, type Results } from "@/evidence/fault-lab/results";
import type { Load } from "./episode";
import type { TokensAhead } from "./tokens-ahead";

export interface Measured {
  lost: number;
  ahead: TokensAhead;
  secondsWithout: readonly number[];
  revocations: { living: number; seconds: number };
  passwords: { changed: number; oldWorks: number };
  /** Instances whose interval without service is the duration of the event. */
  cutOff: readonly number[];
}

/** One set-up in the table. */
export interface Row {
  title: string;
  cells: Record<string, string>;
  /** Of each invariant that was checked, its violations. */
  violations: Record<string, readonly string[]>;
  hasHeld: boolean;
}

export function rowOf(title: string, results: Results, load: Load, measured: Measured): Row {
  const { lost, ahead, secondsWithout, revocations, passwords, cutOff } = measured;
  const count = (name: string) => String(results.countOf(name));
  const broken = (invariant: Invariant) => results.violationCount(invariant);
  const service = secondsWithout.map((seconds, instance) => (cutOff.includes(instance) ? [] : [seconds])).flat();
  const apart = cutOff.map((instance) => `, cut off ${secondsWithout[instance]!.toFixed(1)}`).join("");
  const statuses = [...results.failures]
    .sort(([, one], [, other]) => other - one)
    .map(([kind, times]) => `${times} × ${kind}`);
  const violations = Object.fromEntries(
    [...results.checkedInvariants].map((name) => [INVARIANTS[name], results.violations.get(name) ?? []]),
  );
  return {
    title,
    cells: {
      sessions: count("sessions"),
      rotations: count("rotations"),
      "commits lost": String(lost),
      "tokens ahead": ahead.tokens === 0 ? "0" : `${ahead.tokens}, by up to ${ahead.mostGenerations}`,
      "spurious logouts": String(broken("signed in")),
      forks: String(broken("one token family")),
      "thefts noticed": `${count("thefts detected")} of ${load.thefts - results.countOf("thefts inconclusive")}`,
      "revocations that came back": `${revocations.living} of ${load.revocations}`,
      "revoked again after": `${revocations.seconds.toFixed(1)} s`,
      "old passwords that work": `${passwords.oldWorks} of ${passwords.changed}`,
      "without service": `${Math.max(0, ...service).toFixed(1)} s${apart}`,
      "failed responses": statuses.join(", ") || "none",
      "errors in responses and logs": String(broken("no errors")),
    },
    violations,
    hasHeld: [...results.violationCounts.values()].every((times) => times === 0),
  };
}
