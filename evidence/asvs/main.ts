import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Usage } from "@/evidence/parse-options";
import { runProgram } from "@/evidence/run-program";
import { scannersReport } from "@/evidence/scanners/report";
import { ROOT } from "@/scripts/paths.mjs";
import { report } from "./report";

const PAGES = { "evidence/asvs/asvs.md": report, "evidence/scanners/scanners.md": scannersReport };

const USAGE = {
  command: "npm run asvs",
  description: `prints ${Object.keys(PAGES).join(" and ")}`,
  options: { write: { type: "flag", help: "writes them instead" } },
} as const satisfies Usage;

await runProgram("asvs", USAGE, async ({ write }, { print }) => {
  for (const [file, made] of Object.entries(PAGES)) {
    if (write) writeFileSync(join(ROOT, file), made());
    else print(`${made()}\n`);
  }
  return true;
});
