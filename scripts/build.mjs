import { requireSupportedNode } from "./node-release.mjs";

requireSupportedNode();
const { performAndLeave } = await import("./perform.mjs");
const { installPackages } = await import("./install.mjs");
const { buildOnce } = await import("./production-build.mjs");

await performAndLeave(async ({ step }) => {
  await step("Packages", installPackages);
  await step("Build", buildOnce);
});
