import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

// Preloaded into child processes. The parent holds the other end of the pipe at descriptor 3, which closes when the
// parent ends, even by SIGKILL.
const { PORTCULLIS_ENDS_WITH_STARTER: marker, PORTCULLIS_STARTER_DATABASE: database } = process.env;
if (isMainThread && marker !== undefined) {
  // Grandchildren must not inherit the marker: their descriptor 3 is something else.
  delete process.env.PORTCULLIS_ENDS_WITH_STARTER;
  delete process.env.PORTCULLIS_STARTER_DATABASE;
  const parent = new Socket({ fd: 3, readable: true, writable: false });
  parent.on("error", () => {}).on("close", exitAfterParent);
  parent.resume();
  parent.unref();
}

function exitAfterParent() {
  if (database !== undefined) process.once("exit", () => releaseDatabase(database));
  process.kill(process.pid, "SIGTERM");
}

/** Stops the private database, which the parent can no longer do. @param {string} directory */
function releaseDatabase(directory) {
  const program = fileURLToPath(new URL("./mysql/stop-unused.mjs", import.meta.url));
  spawn(process.execPath, [program, directory], { detached: true, stdio: "ignore" }).unref();
}
