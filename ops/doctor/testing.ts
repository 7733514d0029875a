import type { Finding, Group } from "./finding";

/** The ids of what was found, each with the mark of its level: "✗ not-ready", "! leaks-server". */
export function idsOf(found: Group | readonly Finding[]): string[] {
  const findings = "findings" in found ? found.findings : found;
  return findings.map(({ id, level }) => `${level === "problem" ? "✗" : "!"} ${id}`);
}
