import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const EVERY_MILLISECONDS = 5;
const SCHEDULER = "/proc/thread-self/schedstat";

/**
 * Loaded into the app with NODE_OPTIONS: how late its event loop comes to what is due, and how late it would come if the machine
 * had a core free for it at all times (where the system tells how long it had to wait for one). A stall of 100 ms would have kept
 * twenty ticks waiting, so it counts as 100, 95, 90 and so on; as one late tick among thousands it would vanish from a p99.
 * @type {{ delays: number[], ownDelays: number[] }}
 */
let noted = { delays: [], ownDelays: [] };
let dueAt = performance.now() + EVERY_MILLISECONDS;
let waited = waitedForCore();

const port = Number(process.env.LOOP_PROBE_PORT);
// Whatever the app starts inherits NODE_OPTIONS.
delete process.env.LOOP_PROBE_PORT;
if (port > 0) {
  setInterval(noteDelay, EVERY_MILLISECONDS).unref();
  createServer((_request, response) => {
    response.end(JSON.stringify(noted));
    noted = { delays: [], ownDelays: [] };
  })
    .listen(port, "127.0.0.1")
    .unref();
}

function noteDelay() {
  const now = performance.now();
  const delay = Math.max(0, now - dueAt);
  const waitedNow = waitedForCore();
  note(noted.delays, delay);
  note(noted.ownDelays, Math.max(0, delay - (waitedNow - waited)));
  waited = waitedNow;
  dueAt = now + EVERY_MILLISECONDS;
}

/** @param {number[]} list  @param {number} delay */
function note(list, delay) {
  for (let late = delay; late >= 0; late -= EVERY_MILLISECONDS) list.push(late);
}

/** Milliseconds that this thread was ready to run and had no core, since it began; 0 where the system does not say. */
function waitedForCore() {
  try {
    return Number(readFileSync(SCHEDULER, "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}
