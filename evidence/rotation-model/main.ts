import { readFileSync, writeFileSync } from "node:fs";
import { DEFAULT_BOUNDS, checkImplementedPolicy, THOROUGH_BOUNDS } from "./policy-checks";
import { replaceBetween } from "./markdown";
import { findCounterexamples } from "./counterexamples";
import { report } from "./report";

/** `npm run explore` prints the tables; `-- --thorough` uses larger bounds; `-- --write` renews the tables in tables.md. */
const TABLES = "evidence/rotation-model/tables.md";

const bounds = process.argv.includes("--thorough") ? THOROUGH_BOUNDS : DEFAULT_BOUNDS;
const startedAt = performance.now();
const found = report(checkImplementedPolicy(bounds), findCounterexamples(), bounds);
console.log(`\n${found}\n\n${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);

if (process.argv.includes("--write")) {
  const text = readFileSync(TABLES, "utf8");
  writeFileSync(TABLES, replaceBetween(text, "<!-- explorer:begin -->", "<!-- explorer:end -->", found));
}
