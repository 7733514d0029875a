import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./paths.mjs";

/**
 * Programs outside Next.js are bundled, so that production needs neither TypeScript nor a loader. Packages are not bundled.
 * @param {Record<string, string>} entryPoints name of the output to path of the source
 * @param {string} folder
 * @returns {import("esbuild").BuildOptions}
 */
export function bundleOptions(entryPoints, folder) {
  return {
    absWorkingDir: ROOT,
    entryPoints,
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    // The package throws when imported in plain Node.
    alias: { "server-only": join(ROOT, "node_modules", "server-only", "empty.js") },
    sourcemap: "linked",
    logLevel: "warning",
  };
}

/** @param {Record<string, string>} entryPoints  @param {string} folder  @param {string} [first] a statement placed before the bundle */
export async function bundle(entryPoints, folder, first = "") {
  const { build } = await import("esbuild");
  const options = { ...bundleOptions(entryPoints, folder), banner: { js: first } };
  const { outputFiles = [] } = await build({ ...options, write: false });
  // Renamed into place: another process may be about to run the same file, and an empty one runs without an error.
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, contents);
    renameSync(unfinished, path);
  }
}
