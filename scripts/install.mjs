import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { DATA, ROOT } from "./paths.mjs";

/** @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean }>} Packages */

/**
 * npm keeps a list of what it installed, and writes it last. That list against the lock file tells whether node_modules
 * is whole; optional packages may be absent, because they are for other platforms.
 * @param {Packages} wanted  @param {Packages} installed
 */
export function isInstalled(wanted, installed) {
  for (const [path, { version, integrity, optional }] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    if (found === undefined && optional) continue;
    if (found?.version !== version || found?.integrity !== integrity) return false;
  }
  return Object.keys(installed).every((path) => path in wanted);
}

export function packagesAreInstalled() {
  const list = join(ROOT, "node_modules", ".package-lock.json");
  return existsSync(list) && isInstalled(readPackages(join(ROOT, "package-lock.json")), readPackages(list));
}

/** @param {(detail: string) => void} onProgress */
export async function installPackages(onProgress) {
  if (packagesAreInstalled()) return onProgress("in place");
  // Two at once would remove the folders that the other is filling.
  await withLock(join(DATA, "install.lock"), install, (pid) =>
    onProgress(`waiting for process ${pid}, which is installing`),
  );

  async function install() {
    if (packagesAreInstalled()) return onProgress("in place");
    onProgress("npm ci");
    // With NODE_ENV=production npm would leave out what the build needs.
    await runOrThrow("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"], {
      log: join(DATA, "logs", "npm-ci.log"),
    });
    onProgress(
      `npm ci, ${Object.keys(readPackages(join(ROOT, "node_modules", ".package-lock.json"))).length} packages`,
    );
  }
}

/** @param {string} file  @returns {Packages} */
function readPackages(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}
