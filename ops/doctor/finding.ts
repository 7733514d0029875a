/** A problem makes the doctor exit with 1; a warning does not. */
export type Level = "problem" | "warning";

/** A problem and its remedy, understandable without further context. */
export interface Finding {
  /** Stable identifier for the JSON output. */
  id: string;
  level: Level;
  says: string;
  todo: string;
}

/** The result of one group of checks. */
export interface Group {
  title: string;
  /** Summary shown if there are no findings. */
  healthy: string;
  findings: Finding[];
  /** Why the group was not examined. */
  skipped?: string;
}

export function problem(id: string, says: string, todo: string): Finding {
  return { id, level: "problem", says, todo };
}

export function warning(id: string, says: string, todo: string): Finding {
  return { id, level: "warning", says, todo };
}

/** A count with its noun: "1 session", "3 sessions". */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

export function isHealthy(groups: readonly Group[]): boolean {
  return groups.every(({ findings }) => findings.every(({ level }) => level !== "problem"));
}
