import { paint } from "@/scripts/progress.mjs";
import { counted, isHealthy, type Finding, type Group } from "./finding";

const MARKS = {
  healthy: { mark: "✓", colour: "green" },
  warning: { mark: "!", colour: "yellow" },
  problem: { mark: "✗", colour: "red" },
  skipped: { mark: "·", colour: "dim" },
} as const;

const INDENT = 18;

/** One line for each healthy group; findings with their remedies below the others. */
export function reportAsText(groups: readonly Group[], subject: string, { width, coloured }: TerminalStyle): string {
  const lines = groups.flatMap((group) => [
    `  ${sign(stateOf(group), coloured)} ${group.title.padEnd(INDENT - 4)}${first(group)}`.trimEnd(),
    ...group.findings.flatMap((finding) => formatFinding(finding, width, coloured)),
  ]);
  return `\n  ${paint("bold", "Portcullis", coloured)}  doctor, ${printable(subject)}\n\n${lines.join("\n")}\n\n  ${verdict(groups, coloured)}\n\n`;

  function first(group: Group): string {
    if (group.skipped !== undefined) return paint("dim", group.skipped, coloured);
    return group.findings.length === 0 ? printable(group.healthy) : "";
  }
}

export interface TerminalStyle {
  /** Columns of the terminal. */
  width: number;
  coloured: boolean;
}

export function reportAsJson(groups: readonly Group[], subject: string, at: Date): string {
  return `${JSON.stringify({ subject, at: at.toISOString(), healthy: isHealthy(groups), groups }, null, 2)}\n`;
}

function formatFinding({ level, says, todo }: Finding, width: number, coloured: boolean): string[] {
  const [saying = "", ...rest] = wrap(printable(says), width - 8);
  return [
    `      ${sign(level, coloured)} ${saying}`,
    ...rest.map((line) => `        ${line}`),
    ...wrap(printable(todo), width - 10).map((line, at) =>
      paint("dim", `        ${at === 0 ? "→" : " "} ${line}`, coloured),
    ),
  ];
}

function stateOf({ findings, skipped }: Group): keyof typeof MARKS {
  if (findings.some(({ level }) => level === "problem")) return "problem";
  if (findings.length > 0) return "warning";
  return skipped === undefined ? "healthy" : "skipped";
}

function sign(state: keyof typeof MARKS, coloured: boolean): string {
  const { mark, colour } = MARKS[state];
  return paint(colour, mark, coloured);
}

function verdict(groups: readonly Group[], coloured: boolean): string {
  const count = (level: string) =>
    groups.flatMap(({ findings }) => findings).filter((one) => one.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const also = warnings === 0 ? "" : `${problems === 0 ? "" : ", "}${counted(warnings, "warning")}`;
  if (problems > 0) return paint("red", `${counted(problems, "problem")}${also}.`, coloured);
  return warnings === 0 ? "No problems found." : `No problems, ${also}.`;
}

/** Replaces control characters: text from a server must not reach the terminal as an escape sequence. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "?");
}

/** Wraps at spaces only, so that commands and addresses can be copied. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
