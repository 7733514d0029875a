import { requireSupportedNode } from "../scripts/node-release.mjs";

// Bundles and runs the program of a folder: `node evidence/program.mjs fault-lab [options]`.
requireSupportedNode();
const { installPackages } = await import("../scripts/install.mjs");
const { runBundled } = await import("../scripts/run-bundled.mjs");

const LOAD_PROCESSES = {
  "bench-load": "evidence/bench/load-generator-process.ts",
  "bench-hashes": "evidence/bench/hash-process.ts",
};
// The program reads the options that follow.
const [folder = ""] = process.argv.splice(2, 1);
await installPackages(() => {});
await runBundled({
  [folder]: `evidence/${folder}/main.ts`,
  ...(["bench", "timing"].includes(folder) ? LOAD_PROCESSES : {}),
});
