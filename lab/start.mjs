import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { requireSupportedNode } from "../scripts/node-release.mjs";

requireSupportedNode();
const { DATA, ROOT } = await import("../scripts/paths.mjs");
const { installPackages } = await import("../scripts/install.mjs");
const { bundleOptions } = await import("../scripts/bundle.mjs");
await installPackages(() => {});

// Written in TypeScript like what it tests, and bundled like it. The scripts stay where they are: they know their place.
const { build } = await import("esbuild");
const folder = join(DATA, "entry");
await build({
  ...bundleOptions({ lab: "lab/main.ts" }, folder),
  plugins: [
    {
      name: "scripts stay outside",
      setup: ({ onResolve }) =>
        onResolve({ filter: /^@\/scripts\// }, ({ path }) => ({
          path: pathToFileURL(join(ROOT, path.slice("@/".length))).href,
          external: true,
        })),
    },
  ],
});
await import(pathToFileURL(join(folder, "lab.mjs")).href);
