import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundle } from "../../scripts/bundle.mjs";
import { DATA, ROOT } from "../../scripts/paths.mjs";

// Searches all reachable states of a session and its holders; prints the properties that hold and the counterexamples.
const folder = join(DATA, "explorer");
await bundle({ main: "evidence/rotation-model/main.ts" }, folder);
const { status } = spawnSync(process.execPath, [join(folder, "main.mjs"), ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: "inherit",
});
process.exit(status ?? 1);
