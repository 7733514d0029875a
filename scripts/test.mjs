import { requireSupportedNode } from "./node-release.mjs";

requireSupportedNode();
const { runTests } = await import("./run-tests.mjs");
await runTests(process.argv.slice(2));
