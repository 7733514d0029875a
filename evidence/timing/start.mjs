import { requireSupportedNode } from "../../scripts/node-release.mjs";

requireSupportedNode();
const { runTiming } = await import("./run-timing.mjs");
await runTiming(process.argv.slice(2));
