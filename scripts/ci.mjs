import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";
import { addUp, closingLine } from "./test-report.mjs";

const RESULT = join(ROOT, ".data", "test", "result.json");

const runs = [run([]), run(["db", "--newest-mysql"])];
const sum = addUp(runs);
console.log(`\nDatabase tests ran on ${runs.map(({ server }) => server ?? "no server").join(" and on ")}.`);
console.log(closingLine(sum));
process.exit(sum.failed === 0 ? 0 : 1);

/** @param {string[]} args */
function run(args) {
  rmSync(RESULT, { force: true });
  const { status } = spawnSync(process.execPath, [join(ROOT, "scripts", "test.mjs"), ...args], { stdio: "inherit" });
  try {
    return JSON.parse(readFileSync(RESULT, "utf8"));
  } catch {
    return { passed: 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  }
}
