import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundle } from "../../scripts/bundle.mjs";
import { DATA, ROOT } from "../../scripts/paths.mjs";

// Generates evidence/asvs/asvs.md from the claims in this folder.
const folder = join(DATA, "asvs");
await bundle({ main: "evidence/asvs/main.ts" }, folder);
const { status } = spawnSync(process.execPath, [join(folder, "main.mjs"), ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: "inherit",
});
process.exit(status ?? 1);
