import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TestBed } from "@/evidence/bench/test-bed";
import { REPORT, type Usage } from "@/evidence/parse-options";
import { runProgram } from "@/evidence/run-program";
import { DATA } from "@/scripts/paths.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { summaryLine } from "@/scripts/test-report.mjs";
import type { Claim } from "./claim";
import { measureEqualCost } from "./equal-cost";
import { measureFlood } from "./flood";

const MEASUREMENTS = { flood: measureFlood, "equal-cost": measureEqualCost };
const NAMES = Object.keys(MEASUREMENTS) as (keyof typeof MEASUREMENTS)[];

const USAGE = {
  command: "npm run timing",
  description: "measures a burst of logins, and whether response times reveal accounts",
  options: { report: REPORT },
  operands: { help: "one measurement instead of both", choices: NAMES },
} as const satisfies Usage;

/** Each claim that holds counts as a passed test. */
await runProgram("timing", USAGE, async ({ report, operands }, { step, print }) => {
  print("\n  Portcullis  timing\n\n");
  await step("Build", buildOnce);
  const testBed = await step("MySQL", (onProgress) => TestBed.start(join(DATA, "timing"), onProgress));
  const claims: Claim[] = [];
  for (const name of NAMES.filter((one) => operands.length === 0 || operands.includes(one))) {
    const measured = await step(name, (onProgress) => MEASUREMENTS[name](testBed, onProgress));
    print(measured.table);
    claims.push(...measured.claims);
  }
  for (const { holds, text } of claims) print(`  ${holds ? "✓" : "✗"} ${text}\n`);
  const failed = claims.filter(({ holds }) => !holds).length;
  const tally = { passed: claims.length - failed, failed, skipped: 0 };
  if (report !== undefined) {
    mkdirSync(dirname(report), { recursive: true });
    writeFileSync(report, JSON.stringify(tally));
  }
  print(`\n${summaryLine(tally)}\n`);
  return failed === 0;
});
