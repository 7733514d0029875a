import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Everything else counts: a build too many costs a minute, a stale one costs trust. */
const EXCLUDED = [
  /^\./,
  /^(node_modules|e2e|evidence|docs|test-results|playwright-report|next-env\.d\.ts|Dockerfile|Caddyfile|compose\.yaml)$/,
  /^(vitest|playwright)\.config\.ts$/,
  /\.(test\.tsx?|md|log|tsbuildinfo)$/,
];

/** In the root itself lies much that is nobody's source, such as the output that somebody kept of a start. */
const INCLUDED_IN_ROOT = /\.([cm]?[jt]sx?|json)$/;

/**
 * One value for all that a build is made from.
 * @param {string} root
 * @param {Record<string, string | undefined>} environment only what Next.js puts into a build counts
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
