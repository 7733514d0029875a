import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATA, ROOT } from "@/scripts/paths.mjs";
import { UserError } from "@/scripts/user-error.mjs";
import { MUTATIONS, type Mutation } from "./removed-rules";

const COPY = join(DATA, "fuzz", "mutant");
const NOT_COPIED = new Set(["node_modules", ".next", ".data", ".git", ".env.local"]);

/**
 * Removes each rule from a copy of the sources, builds the copy and runs the fuzzer on it: if no oracle fails, the fuzzer does not test
 * the rule. Each rule takes one to two minutes. `words` selects the rules that contain one of them. Returns whether every expected
 * oracle failed.
 */
export function runMutations(words: readonly string[], print: (text: string) => void): boolean {
  const chosen = MUTATIONS.filter(({ rule }) => words.length === 0 || words.some((word) => rule.includes(word)));
  if (chosen.length === 0) throw new UserError(`No rule contains ${words.join(" or ")}.`);
  copySources();
  const rows = chosen.map((mutation) => ({ mutation, failed: failedOraclesWithout(mutation, print) }));
  print("\n| removed rule | oracles that failed |\n| --- | --- |\n");
  for (const { mutation, failed } of rows) print(`| ${mutation.rule} | ${failed.join("; ") || "**none**"} |\n`);
  rmSync(COPY, { recursive: true, force: true });
  return rows.every(({ mutation, failed }) => failed.includes(mutation.oracle));
}

function failedOraclesWithout({ rule, file, from, to }: Mutation, print: (text: string) => void): string[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  if (source.split(from).length !== 2) throw new Error(`${file} does not contain exactly once: ${from}`);
  print(`\n  Without the rule: ${rule}\n`);
  const report = join(COPY, ".data", "report.json");
  rmSync(report, { force: true });
  try {
    writeFileSync(
      join(COPY, file),
      source.replace(from, () => to),
    );
    const options = ["--short", "--requests-only", "--seed", "1", "--report", report];
    const program = join(COPY, "evidence", "program.mjs");
    spawnSync(process.execPath, [program, "fuzz", ...options], { cwd: COPY, stdio: "inherit" });
  } finally {
    writeFileSync(join(COPY, file), source);
  }
  if (!existsSync(report)) return ["(the run did not finish)"];
  const { invariants } = JSON.parse(readFileSync(report, "utf8"));
  return Object.keys(invariants).filter((oracle) => invariants[oracle] > 0);
}

function copySources(): void {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  for (const name of readdirSync(ROOT)) {
    if (!NOT_COPIED.has(name)) cpSync(join(ROOT, name), join(COPY, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(COPY, "node_modules"));
  // node_modules is outside the copy; the bundler resolves it only if its root contains it.
  const config = join(COPY, "next.config.ts");
  const root = JSON.stringify(ROOT);
  writeFileSync(
    config,
    readFileSync(config, "utf8").replace(
      "{\n",
      () => `{\n  turbopack: { root: ${root} },\n  typescript: { ignoreBuildErrors: true },\n`,
    ),
  );
}
