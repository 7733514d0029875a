import { spawn } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

// Preloaded into what our scripts start. The starter holds the other end of the pipe at descriptor 3: it closes with the
// starter, also when that is killed and can tell nobody.
const { PORTCULLIS_ENDS_WITH_STARTER: marker, PORTCULLIS_STARTER_DATABASE: database } = process.env;
if (isMainThread && marker !== undefined) {
  // Not for the processes that this one starts: their descriptor 3 is something else.
  delete process.env.PORTCULLIS_ENDS_WITH_STARTER;
  delete process.env.PORTCULLIS_STARTER_DATABASE;
  const starter = new Socket({ fd: 3, readable: true, writable: false });
  starter.on("error", () => {}).on("close", exitAfterParent);
  starter.resume();
  starter.unref();
}

function exitAfterParent() {
  if (database !== undefined) process.once("exit", () => releaseDatabase(database));
  process.kill(process.pid, "SIGTERM");
}

/** The starter would have stopped it, after this process. @param {string} directory */
function releaseDatabase(directory) {
  const program = fileURLToPath(new URL("./mysql/stop-unused.mjs", import.meta.url));
  spawn(process.execPath, [program, directory], { detached: true, stdio: "ignore" }).unref();
}
