import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const EVERY_MILLISECONDS = 5;
const SCHEDULER = "/proc/thread-self/schedstat";

/**
 * Loaded into the app with NODE_OPTIONS: measures the event loop delay, and the same without the time in which the thread waited
 * for a CPU (from schedstat). A stall of 100 ms delays twenty ticks, so it is recorded as 100, 95, 90 and so on; a single value
 * among thousands would not show in the p99.
 * @type {{ delays: number[], ownDelays: number[] }}
 */
let recorded = { delays: [], ownDelays: [] };
let dueAt = performance.now() + EVERY_MILLISECONDS;
let waited = cpuWaitMilliseconds();

const port = Number(process.env.LOOP_PROBE_PORT);
// Child processes inherit NODE_OPTIONS and must not start a probe.
delete process.env.LOOP_PROBE_PORT;
if (port > 0) {
  setInterval(recordDelay, EVERY_MILLISECONDS).unref();
  createServer((_request, response) => {
    response.end(JSON.stringify(recorded));
    recorded = { delays: [], ownDelays: [] };
  })
    .listen(port, "127.0.0.1")
    .unref();
}

function recordDelay() {
  const now = performance.now();
  const delay = Math.max(0, now - dueAt);
  const waitedNow = cpuWaitMilliseconds();
  record(recorded.delays, delay);
  record(recorded.ownDelays, Math.max(0, delay - (waitedNow - waited)));
  waited = waitedNow;
  dueAt = now + EVERY_MILLISECONDS;
}

/** @param {number[]} list  @param {number} delay */
function record(list, delay) {
  for (let late = delay; late >= 0; late -= EVERY_MILLISECONDS) list.push(late);
}

/** Total time in milliseconds that this thread waited for a CPU; 0 if not available. */
function cpuWaitMilliseconds() {
  try {
    return Number(readFileSync(SCHEDULER, "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}
