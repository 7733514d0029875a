import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Every other file is an input: an unnecessary build costs a minute, a stale build shows wrong code. */
const EXCLUDED = [
  /^\./,
  /^(node_modules|e2e|evidence|docs|test-results|playwright-report|next-env\.d\.ts|Dockerfile|Caddyfile|compose\.yaml)$/,
  /^(vitest|playwright)\.config\.ts$/,
  /\.(test\.tsx?|md|log|tsbuildinfo)$/,
];

/** Only source files of the root folder itself are inputs: it also holds logs and notes. */
const INCLUDED_IN_ROOT = /\.([cm]?[jt]sx?|json)$/;

/**
 * A hash of everything that a build depends on.
 * @param {string} root
 * @param {Record<string, string | undefined>} environment only NEXT_PUBLIC_ variables, which Next.js inlines, are included
 */
export function hashBuildInputs(root, environment) {
  const hash = createHash("sha256");
  hash.update(`${process.versions.node.split(".")[0]} ${process.platform} ${process.arch}\n`);
  for (const name of Object.keys(environment).sort()) {
    if (name.startsWith("NEXT_PUBLIC_")) hash.update(`${name}=${environment[name]}\n`);
  }
  for (const path of listInputs(root)) {
    const content = readFileSync(join(root, path));
    hash.update(`${path} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/** @param {string} root  @param {string} [folder]  @returns {string[]} */
export function listInputs(root, folder = "") {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !EXCLUDED.some((pattern) => pattern.test(entry.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return listInputs(root, path);
      return entry.isFile() && (folder !== "" || INCLUDED_IN_ROOT.test(path)) ? [path] : [];
    });
}
