import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Usage } from "@/evidence/parse-options";
import { replaceBetween } from "@/evidence/rotation-model/markdown";
import { runProgram } from "@/evidence/run-program";
import { ROOT } from "@/scripts/paths.mjs";
import { checkImplementedRules, findCounterexamples, report } from "./report";

const TABLES = join(ROOT, "evidence", "factor-model", "tables.md");

const USAGE = {
  command: "node evidence/program.mjs factor-model",
  description:
    "searches all states of passwords, factors and what is lost of them; prints what holds, and what breaks without each rule",
  options: { write: { type: "flag", help: "renews the tables in tables.md" } },
} as const satisfies Usage;

await runProgram("factor-model", USAGE, async ({ write }, { step, print }) => {
  const found = await step("Search", async () => report(checkImplementedRules(), findCounterexamples()));
  print(`\n${found}\n\n`);
  if (write) {
    const text = readFileSync(TABLES, "utf8");
    writeFileSync(TABLES, replaceBetween(text, "<!-- explorer:begin -->", "<!-- explorer:end -->", found));
  }
  return true;
});
