import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runOrThrow } from "./command.mjs";
import { withLock } from "./lock.mjs";
import { DATA, ROOT } from "./paths.mjs";

/** @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean }>} Packages */

/**
 * Compares the list that npm writes at the end of an installation with the lock file. Optional packages of other
 * platforms may be absent.
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
  if (packagesAreInstalled()) return onProgress("up to date");
  // Concurrent npm ci runs would delete each other's files.
  await withLock(join(DATA, "install.lock"), install, (pid) =>
    onProgress(`waiting for the installation by process ${pid}`),
  );

  async function install() {
    if (packagesAreInstalled()) return onProgress("up to date");
    onProgress("npm ci");
    // With NODE_ENV=production npm would omit devDependencies, which the build needs.
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
