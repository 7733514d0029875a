import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onSignal } from "./lifecycle.mjs";
import { ROOT } from "./paths.mjs";
import { addUp, closingLine, judgeRun, tallyLab } from "./test-report.mjs";

const RESULT = join(ROOT, ".data", "test", "result.json");

const runs = [
  await run([]),
  await run(["start"]),
  await run(["proxies"]),
  await run(["e2e", "--slow"]),
  await run(["db", "--newest-mysql"]),
  await fuzz(),
  await prove(),
  await bench(),
];
const sum = addUp(runs);
console.log(`\nDatabase tests ran on ${runs.flatMap(({ server }) => server ?? []).join(" and on ")}.`);
console.log(closingLine(sum));
process.exit(sum.failed === 0 ? 0 : 1);

/**
 * @param {string[]} args
 * @returns {Promise<import("./test-report.mjs").Tally & { server?: string }>}
 */
async function run(args) {
  const { report } = await perform([join("scripts", "test.mjs"), ...args], RESULT);
  return report ?? { passed: 0, failed: 1, skipped: 0 };
}

/** An oracle of the fuzzer counts as a test. @returns {Promise<import("./test-report.mjs").Tally & { server?: string }>} */
async function fuzz() {
  const file = join(ROOT, ".data", "test", "fuzz.json");
  const { code, report } = await perform([join("fuzz", "start.mjs"), "--seed", "1", "--report", file], file);
  return judgeRun(report && tallyLab(report), code);
}

/** What only a running build can show, a claim a test. @returns {Promise<import("./test-report.mjs").Tally & { server?: string }>} */
async function prove() {
  const { code, report } = await perform([join("proofs", "start.mjs")], join(ROOT, ".data", "test", "proofs.json"));
  return judgeRun(report, code);
}

/** A bar counts as a test, and fails only if it is far off: nobody knows what else this machine does. @returns {Promise<import("./test-report.mjs").Tally & { server?: string }>} */
async function bench() {
  const file = join(ROOT, ".data", "test", "bench.json");
  const { code, report } = await perform([join("bench", "start.mjs"), "--quick", "--report", file], file);
  return judgeRun(report && { passed: report.passed, failed: report.failed, skipped: 0 }, code);
}

/**
 * Runs a program of ours, and reads what it leaves behind.
 * @param {string[]} command  @param {string} file
 */
async function perform(command, file) {
  rmSync(file, { force: true });
  const child = spawn(process.execPath, command, { cwd: ROOT, stdio: "inherit" });
  let interrupted = false;
  onSignal((signal) => {
    interrupted = true;
    child.kill(signal);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (interrupted) process.exit(code || 1);
  try {
    return { code, report: JSON.parse(readFileSync(file, "utf8")) };
  } catch {
    return { code, report: null };
  }
}
