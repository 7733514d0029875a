import { requireSupportedNode } from "../scripts/node-release.mjs";

requireSupportedNode();
const { runEvidence } = await import("./run-evidence.mjs");
await runEvidence(process.argv.slice(2));
