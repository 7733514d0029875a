import { requireSupportedNode } from "../../scripts/node-release.mjs";

requireSupportedNode();
const { installPackages } = await import("../../scripts/install.mjs");
const { runBundled } = await import("../../scripts/run-bundled.mjs");
await installPackages(() => {});
await runBundled({
  bench: "evidence/bench/main.ts",
  "bench-load": "evidence/bench/load-generator-process.ts",
  "bench-hashes": "evidence/bench/hash-process.ts",
});
