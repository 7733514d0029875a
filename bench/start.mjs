import { requireSupportedNode } from "../scripts/node-release.mjs";

requireSupportedNode();
const { installPackages } = await import("../scripts/install.mjs");
const { runBundled } = await import("../scripts/run-bundled.mjs");
await installPackages(() => {});
await runBundled({
  bench: "bench/main.ts",
  "bench-load": "bench/load-process.ts",
  "bench-hashes": "bench/hash-process.ts",
});
