import { writeFileSync } from "node:fs";
import { scannersReport } from "@/evidence/scanners/report";
import { report } from "./report";

const PAGES = { "evidence/asvs/asvs.md": report, "evidence/scanners/scanners.md": scannersReport };

/** `npm run asvs` prints the two generated pages; `-- --write` writes them. */
for (const [file, made] of Object.entries(PAGES)) {
  if (process.argv.includes("--write")) writeFileSync(file, made());
  else console.log(made());
}
