import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Usage } from "@/evidence/parse-options";
import { runProgram } from "@/evidence/run-program";
import { ROOT } from "@/scripts/paths.mjs";
import { DEFAULT_BOUNDS, checkImplementedPolicy, THOROUGH_BOUNDS } from "./policy-checks";
import { checkLosses, findRemainingLossRisks } from "./loss-checks";
import { replaceBetween } from "./markdown";
import { findCounterexamples } from "./counterexamples";
import { report } from "./report";

const TABLES = join(ROOT, "evidence", "rotation-model", "tables.md");

const USAGE = {
  command: "npm run explore",
  description:
    "searches all states of a session; prints the properties that hold and the counterexamples of other policies",
  options: {
    thorough: { type: "flag", help: "larger bounds" },
    write: { type: "flag", help: "renews the tables in tables.md" },
  },
} as const satisfies Usage;

await runProgram("explorer", USAGE, async ({ thorough, write }, { step, print }) => {
  const bounds = thorough ? THOROUGH_BOUNDS : DEFAULT_BOUNDS;
  const found = await step("Search", async () => {
    const losses = { properties: checkLosses(bounds.losses), risks: findRemainingLossRisks() };
    return report(checkImplementedPolicy(bounds), losses, findCounterexamples(), bounds);
  });
  print(`\n${found}\n\n`);
  if (write) {
    const text = readFileSync(TABLES, "utf8");
    writeFileSync(TABLES, replaceBetween(text, "<!-- explorer:begin -->", "<!-- explorer:end -->", found));
  }
  return true;
});
