import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleOptions } from "./bundle.mjs";
import { DATA, ROOT } from "./paths.mjs";

/**
 * Bundles a TypeScript tool together with the product's modules, and runs it.
 * @param {Record<string, string>} entryPoints name to source; the first is run, the others are programs for its child processes
 */
export async function runBundled(entryPoints) {
  const { build } = await import("esbuild");
  const folder = join(DATA, "entry");
  await build({
    ...bundleOptions(entryPoints, folder),
    plugins: [
      {
        // Scripts locate files relative to themselves.
        name: "external scripts",
        setup: ({ onResolve }) =>
          onResolve({ filter: /^@\/scripts\// }, ({ path }) => ({
            path: pathToFileURL(join(ROOT, path.slice("@/".length))).href,
            external: true,
          })),
      },
    ],
  });
  await import(pathToFileURL(join(folder, `${Object.keys(entryPoints)[0]}.mjs`)).href);
}
