import { parseArgs } from "node:util";
import { UserError } from "@/scripts/user-error.mjs";

interface OptionSpec {
  /** A list is separated by commas, or the option is repeated. */
  type: "flag" | "text" | "number" | "list";
  help: string;
  /** The allowed values of a list. */
  choices?: readonly string[];
  /** The lowest allowed number. */
  least?: number;
  isInteger?: boolean;
}

export type OptionTable = Record<string, OptionSpec>;

/** How a program is called. */
export interface Usage<Options extends OptionTable = OptionTable> {
  command: string;
  description: string;
  options: Options;
  /** Arguments besides the options; without it there are none. */
  operands?: { help: string; choices?: readonly string[] };
}

interface ValueTypes {
  flag: boolean;
  text: string | undefined;
  number: number | undefined;
  list: string[];
}

export type Values<Options extends OptionTable> = { [Name in keyof Options]: ValueTypes[Options[Name]["type"]] };

/** The option with which `npm run evidence` receives the result of a program. */
export const REPORT = { type: "text", help: "file to which the report is written too" } as const;

/** Throws a UserError of one line for anything that `usage` does not list. */
export function parseOptions<Options extends OptionTable>(
  { options, operands }: Usage<Options>,
  args: readonly string[],
): Values<Options> & { operands: string[] } {
  const parsed = parseOrThrow(options, args, operands !== undefined);
  const values = Object.entries(options).map(([name, spec]) => [
    name,
    readValue(`--${name}`, spec, parsed.values[name]),
  ]);
  if (operands?.choices !== undefined) requireChoices("This program", parsed.positionals, operands.choices);
  return { ...Object.fromEntries(values), operands: parsed.positionals };
}

/** The text of `--help`. */
export function helpText({ command, description, options, operands }: Usage): string {
  const placeholders = { flag: "", text: " TEXT", number: " NUMBER", list: " NAME,…" };
  const rows = Object.entries(options).map(([name, { type, help, choices }]): [string, string] => [
    `--${name}${placeholders[type]}`,
    choices === undefined ? help : `${help}: ${choices.join(", ")}`,
  ]);
  if (operands !== undefined) rows.unshift([operands.choices?.join(", ") ?? "ARGUMENT…", operands.help]);
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
  return `\n  ${command}  ${description}\n\n${lines}\n`;
}

function parseOrThrow(options: OptionTable, args: readonly string[], allowPositionals: boolean) {
  const known = Object.entries(options).map(
    ([name, { type }]) => [name, { type: type === "flag" ? "boolean" : "string", multiple: type === "list" }] as const,
  );
  try {
    return parseArgs({ args: [...args], options: Object.fromEntries(known), allowPositionals });
  } catch (error) {
    // The first sentence names the argument; the others explain how to escape it.
    const [problem] = (error as Error).message.split(/\.\s/);
    const names = [...Object.keys(options), "help"].map((name) => `--${name}`);
    throw new UserError(`${problem}. Options: ${names.join(", ")}.`);
  }
}

function readValue(name: string, { type, choices, least = -Infinity, isInteger }: OptionSpec, given: unknown) {
  if (type === "flag") return given === true;
  if (type === "list") {
    const list = ((given ?? []) as string[]).flatMap((value) => value.split(",")).map((value) => value.trim());
    if (choices !== undefined) requireChoices(name, list, choices);
    return list;
  }
  if (type === "text" || given === undefined) return given;
  const number = Number(given);
  if (given === "" || !Number.isFinite(number) || number < least || (isInteger && !Number.isInteger(number))) {
    const bound = least === -Infinity ? "" : ` of at least ${least}`;
    throw new UserError(`${name} must be a ${isInteger ? "whole " : ""}number${bound}, not ${String(given)}.`);
  }
  return number;
}

function requireChoices(name: string, values: readonly string[], choices: readonly string[]): void {
  const unknown = values.filter((value) => !choices.includes(value));
  if (unknown.length > 0) throw new UserError(`${name} accepts ${choices.join(", ")}, not ${unknown.join(", ")}.`);
}
