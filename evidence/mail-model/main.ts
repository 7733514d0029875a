import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Usage } from "@/evidence/parse-options";
import { replaceBetween } from "@/evidence/rotation-model/markdown";
import { runProgram } from "@/evidence/run-program";
import { ROOT } from "@/scripts/paths.mjs";
import { checkImplementedRules, findCounterexamples, findLimits, report } from "./report";

const TABLES = join(ROOT, "evidence", "mail-model", "tables.md");

const USAGE = {
  command: "node evidence/program.mjs mail-model",
  description:
    "searches all states of the links and codes sent by mail; prints what holds, and what breaks without each rule",
  options: { write: { type: "flag", help: "renews the tables in tables.md" } },
} as const satisfies Usage;

await runProgram("mail-model", USAGE, async ({ write }, { step, print }) => {
  const found = await step("Search", async () => report(checkImplementedRules(), findLimits(), findCounterexamples()));
  print(`\n${found}\n\n`);
  if (write) {
    const text = readFileSync(TABLES, "utf8");
    writeFileSync(TABLES, replaceBetween(text, "<!-- explorer:begin -->", "<!-- explorer:end -->", found));
  }
  return true;
});
