import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { identify, isRunning, pidOf } from "./process-identity.mjs";

/**
 * Runs `work` under a lock file that excludes other processes. The lock of a process that no longer runs is taken over.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {(holderPid: number) => void} [onWait] called once if another process holds the lock
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}.${randomUUID().slice(0, 8)}`;
  writeFileSync(own, identify(process.pid) ?? "");
  try {
    let waiting = false;
    while (!acquire(file, own)) {
      const holder = readHolder(file);
      if (holder === null) continue;
      if (!isRunning(holder)) {
        removeStale(file, holder, `${own}.stale`);
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
    rmSync(own, { force: true });
  }
}

/** Creates the lock with link(2), which is atomic and includes the content. @param {string} file  @param {string} own */
function acquire(file, own) {
  try {
    linkSync(own, file);
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
 * Two processes may find the same stale lock, and the slower one could remove the faster one's new lock: it checks what it
 * moved away and restores a lock of another holder.
 * @param {string} file  @param {string} staleHolder  @param {string} movedTo
 */
function removeStale(file, staleHolder, movedTo) {
  try {
    renameSync(file, movedTo);
    if (readFileSync(movedTo, "utf8") !== staleHolder) acquire(file, movedTo);
    rmSync(movedTo, { force: true });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
