import { spawn, spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onSignal } from "./lifecycle.mjs";
import { ROOT } from "./paths.mjs";
import { sumTallies, summaryLine } from "./test-report.mjs";

const runs = [
  await run("scripts/test.mjs", []),
  await run("evidence/start.mjs", []),
  await run("scripts/test.mjs", ["start"]),
  await run("scripts/test.mjs", ["e2e", "--slow"]),
  await run("scripts/test.mjs", ["db", "--newest-mysql"]),
  // The browser suite imports no evidence either, which the import rules hold: it is not run a second time.
  await run("scripts/test.mjs", ["format", "types", "unit", "db"], copyWithoutEvidence()),
];
const sum = sumTallies(runs);
console.log(`\nDatabase tests ran on ${[...new Set(runs.flatMap(({ server }) => server ?? []))].join(" and on ")}.`);
console.log(summaryLine(sum));
process.exit(sum.failed === 0 ? 0 : 1);

/** Clones the commit without evidence/: the product must build and pass its tests without it. */
function copyWithoutEvidence() {
  const copy = join(ROOT, ".data", "without-evidence");
  rmSync(copy, { recursive: true, force: true });
  const { status } = spawnSync("git", ["clone", "--quiet", ROOT, copy], { stdio: "inherit" });
  if (status !== 0) throw new Error("The copy without evidence could not be made.");
  rmSync(join(copy, "evidence"), { recursive: true });
  cpSync(join(ROOT, "node_modules"), join(copy, "node_modules"), { recursive: true, verbatimSymlinks: true });
  return copy;
}

/**
 * Runs a test program and reads the result file that it writes. A missing file counts as a failure.
 * @param {string} program  @param {string[]} args  @param {string} [root]
 * @returns {Promise<import("./test-report.mjs").Tally & { server?: string }>}
 */
async function run(program, args, root = ROOT) {
  const file = join(root, ".data", "test", program.startsWith("evidence") ? "evidence.json" : "result.json");
  rmSync(file, { force: true });
  const child = spawn(process.execPath, [join(root, program), ...args], { cwd: root, stdio: "inherit" });
  let interrupted = false;
  onSignal((signal) => {
    interrupted = true;
    child.kill(signal);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (interrupted) process.exit(code || 1);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
