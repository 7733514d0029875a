import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { identify, isRunning, pidOf } from "./process-identity.mjs";

/**
 * Runs `work` while no other process runs work under the same file. The lock of a process that died is taken over.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(holderPid: number) => void} [onWait] called once, if somebody else is at it
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${process.pid}.${randomUUID().slice(0, 8)}`;
  writeFileSync(mine, identify(process.pid) ?? "");
  try {
    let waiting = false;
    while (!acquire(file, mine)) {
      const holder = readHolder(file);
      if (holder === null) continue;
      if (!isRunning(holder)) {
        removeStale(file, holder, `${mine}.dead`);
        continue;
      }
      if (!waiting) onWait?.(pidOf(holder));
      waiting = true;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A hard link appears with its content in place, or not at all. @param {string} file  @param {string} mine */
function acquire(file, mine) {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** @param {string} file */
function readHolder(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * Two processes may find the same dead holder: the slower one would remove the faster one's new lock, so it looks at
 * what it moved away and puts a stranger's lock back.
 * @param {string} file  @param {string} dead  @param {string} aside
 */
function removeStale(file, dead, aside) {
  try {
    renameSync(file, aside);
    if (readFileSync(aside, "utf8") !== dead) acquire(file, aside);
    rmSync(aside, { force: true });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
