import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onSignal } from "./lifecycle.mjs";
import { ROOT } from "./paths.mjs";
import { addUp, closingLine } from "./test-report.mjs";

const RESULT = join(ROOT, ".data", "test", "result.json");

const runs = [await run([]), await run(["proxies"]), await run(["db", "--newest-mysql"])];
const sum = addUp(runs);
console.log(`\nDatabase tests ran on ${runs.flatMap(({ server }) => server ?? []).join(" and on ")}.`);
console.log(closingLine(sum));
process.exit(sum.failed === 0 ? 0 : 1);

/**
 * @param {string[]} args
 * @returns {Promise<import("./test-report.mjs").Tally & { server?: string }>}
 */
async function run(args) {
  rmSync(RESULT, { force: true });
  const child = spawn(process.execPath, [join(ROOT, "scripts", "test.mjs"), ...args], { stdio: "inherit" });
  let interrupted = false;
  onSignal((signal) => {
    interrupted = true;
    child.kill(signal);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (interrupted) process.exit(code || 1);
  try {
    return JSON.parse(readFileSync(RESULT, "utf8"));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
