import { readFileSync, writeFileSync } from "node:fs";
import { DEFAULT_SCALE, searchContract, THOROUGH_SCALE } from "./policy-checks";
import { replaceBetween } from "./markdown";
import { condemnAll } from "./counterexamples";
import { report } from "./report";

/** `npm run explore` prints the tables; `-- --thorough` searches further; `-- --write` renews them in tables.md. */
const TABLES = "evidence/rotation-model/tables.md";

const scale = process.argv.includes("--thorough") ? THOROUGH_SCALE : DEFAULT_SCALE;
const startedAt = performance.now();
const found = report(searchContract(scale), condemnAll(), scale);
console.log(`\n${found}\n\n${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);

if (process.argv.includes("--write")) {
  const text = readFileSync(TABLES, "utf8");
  writeFileSync(TABLES, replaceBetween(text, "<!-- explorer:begin -->", "<!-- explorer:end -->", found));
}
