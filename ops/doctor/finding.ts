/** A problem must be changed; a warning is worth knowing and fails nothing. */
export type Level = "problem" | "warning";

/** What is wrong, and what to do about it, for somebody who has just been woken up. */
export interface Finding {
  /** Stable, for machines. */
  id: string;
  level: Level;
  says: string;
  todo: string;
}

/** What one part of the examination came to. */
export interface Group {
  title: string;
  /** What is said of it when nothing was found. */
  healthy: string;
  findings: Finding[];
  /** Why it was not examined. */
  skipped?: string;
}

export function problem(id: string, says: string, todo: string): Finding {
  return { id, level: "problem", says, todo };
}

export function warning(id: string, says: string, todo: string): Finding {
  return { id, level: "warning", says, todo };
}

/** One thing, several things: "1 session", "3 sessions". */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

export function isHealthy(groups: readonly Group[]): boolean {
  return groups.every(({ findings }) => findings.every(({ level }) => level !== "problem"));
}
