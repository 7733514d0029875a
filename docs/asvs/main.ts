import { writeFileSync } from "node:fs";
import { scannersReport } from "@/docs/scanners-report";
import { report } from "./report";

const PAGES = { "docs/asvs.md": report, "docs/scanners.md": scannersReport };

/** `npm run asvs` prints what the two pages should say; `-- --write` makes them say so. */
for (const [file, made] of Object.entries(PAGES)) {
  if (process.argv.includes("--write")) writeFileSync(file, made());
  else console.log(made());
}
