import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isRunning } from "../process-identity.mjs";
import { withLock } from "../lock.mjs";

/**
 * Shares one server between processes: the first starts it, the last stops it. Processes that no longer run are not
 * counted.
 * @param {{ directory: string, provide: () => Promise<import("./private-server.mjs").Server>, onWait?: (pid: number) => void }} options
 * @returns {Promise<{ server: import("./private-server.mjs").Server, release: () => Promise<void> }>}
 */
export async function shareServer({ directory, provide, onWait }) {
  const users = `${directory}.users`;
  const lock = `${directory}.lock`;
  const ownFile = join(users, identify(process.pid) ?? String(process.pid));

  const server = await withLock(
    lock,
    async () => {
      const provided = await provide();
      mkdirSync(users, { recursive: true });
      writeFileSync(ownFile, "");
      return provided;
    },
    onWait,
  );

  return {
    server,
    release: () => {
      rmSync(ownFile, { force: true });
      return stopUnused(directory, server.stop);
    },
  };
}

/** @param {string} directory  @param {() => Promise<void>} stop */
export function stopUnused(directory, stop) {
  return withLock(`${directory}.lock`, async () => {
    if (countUsers(`${directory}.users`) === 0) await stop();
  });
}

/** @param {string} users */
function countUsers(users) {
  if (!existsSync(users)) return 0;
  let count = 0;
  for (const identity of readdirSync(users)) {
    if (isRunning(identity)) count += 1;
    else rmSync(join(users, identity), { force: true });
  }
  return count;
}
