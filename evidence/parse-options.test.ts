import { expect, test } from "vitest";
import { UserError } from "@/scripts/user-error.mjs";
import { helpText, parseOptions } from "./parse-options";

const USAGE = {
  command: "npm run example",
  description: "an example",
  options: {
    quick: { type: "flag", help: "fewer rounds" },
    seed: { type: "number", help: "repeats a run", least: 0, isInteger: true },
    only: { type: "list", help: "some parts", choices: ["call", "page"] },
    report: { type: "text", help: "file" },
  },
} as const;

test("options: are parsed by their type, and absent ones have no value", () => {
  expect(parseOptions(USAGE, [])).toEqual({ quick: false, seed: undefined, only: [], report: undefined, operands: [] });
  const args = ["--quick", "--seed", "7", "--only", "call,page", "--only", "call", "--report", "a.json"];
  const values = { quick: true, seed: 7, only: ["call", "page", "call"], report: "a.json", operands: [] };
  expect(parseOptions(USAGE, args)).toEqual(values);
  expect(parseOptions({ ...USAGE, operands: { help: "words" } }, ["one", "two"]).operands).toEqual(["one", "two"]);
});

test.each([
  [["--fast"], "Unknown option '--fast'. Options: --quick, --seed, --only, --report, --help."],
  [["--seed"], "Option '--seed <value>' argument missing"],
  [["--seed", "1.5"], "--seed must be a whole number of at least 0, not 1.5."],
  [["--seed", "-1"], "argument is ambiguous"],
  [["--seed=-1"], "--seed must be a whole number of at least 0, not -1."],
  [["--seed="], "--seed must be a whole number"],
  [["--only", "pages"], "--only accepts call, page, not pages."],
  [["word"], "Unexpected argument 'word'"],
])("options: %s is refused in one line", (args, message) => {
  const parse = () => parseOptions(USAGE, args);
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(message);
  expect(parse).not.toThrow("\n");
});

test("options: an operand that is not listed is refused", () => {
  const usage = { ...USAGE, operands: { help: "one part", choices: ["flood"] } };
  expect(() => parseOptions(usage, ["floods"])).toThrow("This program accepts flood, not floods.");
});

test("options: --help lists each option with its choices", () => {
  expect(helpText(USAGE)).toContain("--only NAME,…  some parts: call, page");
  for (const name of Object.keys(USAGE.options)) expect(helpText(USAGE)).toContain(`--${name}`);
});
