import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleOptions } from "./bundle.mjs";
import { DATA, ROOT } from "./paths.mjs";

/**
 * Runs a tool that is written in TypeScript like the product, and bundled like it, with the product's own modules inside.
 * @param {Record<string, string>} entryPoints name to source; the first is run, the others lie beside it for its children
 */
export async function runBundled(entryPoints) {
  const { build } = await import("esbuild");
  const folder = join(DATA, "entry");
  await build({
    ...bundleOptions(entryPoints, folder),
    plugins: [
      {
        // They know their place.
        name: "scripts stay where they are",
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
