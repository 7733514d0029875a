import { requireSupportedNode } from "../../scripts/node-release.mjs";

requireSupportedNode();
const { installPackages } = await import("../../scripts/install.mjs");
const { runBundled } = await import("../../scripts/run-bundled.mjs");
await installPackages(() => {});
const [first, ...words] = process.argv.slice(2);
if (first === "--mutate") (await import("./mutation-test.mjs")).runMutations(words);
else await runBundled({ fuzz: "evidence/fuzz/main.ts" });
