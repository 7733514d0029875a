import { requireSupportedNode } from "../../scripts/node-release.mjs";

requireSupportedNode();
const { installPackages } = await import("../../scripts/install.mjs");
const { runBundled } = await import("../../scripts/run-bundled.mjs");
await installPackages(() => {});
await runBundled({ lab: "evidence/fault-lab/main.ts" });
