import { paint } from "@/scripts/progress.mjs";
import type { Verdict } from "./thresholds";
import type { Measurement } from "./measurements";

const MARKS = {
  held: { colour: "green", word: "held" },
  missed: { colour: "yellow", word: "MISSED" },
  "far off": { colour: "red", word: "FAR OFF" },
} as const;

const HEADINGS = ["Measurement", "Figure", "Threshold", ""] as const;

/** The measurements as a text table. */
export function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map(({ name, figure, threshold }) => [name, figure, threshold] as const);
  const widths = [0, 1, 2].map((column) =>
    Math.max(HEADINGS[column]!.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[], verdict: string) =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}  ${verdict}`.trimEnd();
  return [
    paint("dim", line(HEADINGS.slice(0, 3), "")),
    ...measurements.map(({ verdict }, index) => line(rows[index]!, verdict === null ? "" : mark(verdict))),
  ].join("\n");
}

function mark(verdict: Verdict): string {
  const { colour, word } = MARKS[verdict];
  return paint(colour, word);
}

/** The measurements as a Markdown table. */
export function markdownTable(measurements: readonly Measurement[]): string {
  const cells = measurements.map(({ name, figure, threshold, verdict }) => [name, figure, threshold, verdict ?? ""]);
  const row = (values: readonly string[]) => `| ${values.join(" | ")} |`;
  return [row(HEADINGS), row(HEADINGS.map(() => "---")), ...cells.map(row)].join("\n");
}
