import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATA, ROOT } from "../../scripts/paths.mjs";
import { MUTATIONS } from "./removed-rules.mjs";

const COPY = join(DATA, "fuzz", "mutant");
const NOT_COPIED = new Set(["node_modules", ".next", ".data", ".git", ".env.local"]);

/**
 * Removes each rule from a copy of the sources, builds the copy and runs the fuzzer on it: if no oracle fails, the fuzzer does not test
 * the rule. Each rule takes one to two minutes. `words` selects the rules that contain one of them.
 * @param {string[]} words
 */
export function runMutations(words) {
  const chosen = MUTATIONS.filter(({ rule }) => words.length === 0 || words.some((word) => rule.includes(word)));
  copySources();
  const rows = chosen.map((mutation) => ({ mutation, failed: failedOraclesWithout(mutation) }));
  console.log("\n| removed rule | oracles that failed |\n| --- | --- |");
  for (const { mutation, failed } of rows) console.log(`| ${mutation.rule} | ${failed.join("; ") || "**none**"} |`);
  rmSync(COPY, { recursive: true, force: true });
  const isGood = rows.every(({ mutation, failed }) => failed.includes(mutation.oracle));
  process.exit(isGood ? 0 : 1);
}

/** @param {(typeof MUTATIONS)[number]} mutation  @returns {string[]} */
function failedOraclesWithout({ rule, file, from, to }) {
  const source = readFileSync(join(ROOT, file), "utf8");
  if (source.split(from).length !== 2) throw new Error(`${file} does not contain exactly once: ${from}`);
  console.log(`\n  Without the rule: ${rule}`);
  const report = join(COPY, ".data", "report.json");
  rmSync(report, { force: true });
  try {
    writeFileSync(
      join(COPY, file),
      source.replace(from, () => to),
    );
    const args = [
      join(COPY, "evidence", "fuzz", "start.mjs"),
      "--short",
      "--requests-only",
      "--seed",
      "1",
      "--report",
      report,
    ];
    spawnSync(process.execPath, args, { cwd: COPY, stdio: "inherit" });
  } finally {
    writeFileSync(join(COPY, file), source);
  }
  if (!existsSync(report)) return ["(the run did not finish)"];
  const { invariants } = JSON.parse(readFileSync(report, "utf8"));
  return Object.keys(invariants).filter((oracle) => invariants[oracle] > 0);
}

function copySources() {
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
