import { requireSupportedNode } from "../../scripts/node-release.mjs";

requireSupportedNode();
const { runProofs } = await import("./run-proofs.mjs");
await runProofs(process.argv.slice(2));
