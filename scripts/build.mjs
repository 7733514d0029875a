import { requireSupportedNode } from "./node-release.mjs";

requireSupportedNode();
const { runCliAndExit } = await import("./run-cli.mjs");
const { prepareFolders } = await import("./private-files.mjs");
const { installPackages } = await import("./install.mjs");
const { buildOnce } = await import("./production-build.mjs");

await runCliAndExit(async ({ step }) => {
  prepareFolders();
  await step("Packages", installPackages);
  await step("Build", buildOnce);
});
