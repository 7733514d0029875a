import { requireSupportedNode } from "./node-release.mjs";

requireSupportedNode();
const { serve } = await import("./serve.mjs");
await serve("development");
