import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Session } from "node:inspector";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Preloaded into an app with --import: reports on the process over HTTP on a separate port.
const inspector = new Session();

const TICK_MILLISECONDS = 5;
/** @type {NodeJS.Timeout | undefined} */
let ticking;
/** @type {{ delays: number[], ownDelays: number[] }} event loop delays, and the same without the time in which the thread waited for a CPU */
let recorded = { delays: [], ownDelays: [] };

/** @type {Record<string, () => unknown>} */
const handlers = {
  "/cpu": () => {
    const { user, system } = process.cpuUsage();
    return { microseconds: user + system, hashing: niceThreadsMicroseconds() };
  },
  "/memory": async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    // Memory that a finalizer releases is freed in the next round.
    for (let round = 0; round < 3; round++) {
      if (round > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heapUsed, external };
  },
  "/loop/start": () => {
    recorded = { delays: [], ownDelays: [] };
    ticking = startTicking();
    return {};
  },
  "/loop/stop": () => {
    clearInterval(ticking);
    const at = (/** @type {number[]} */ delays, /** @type {number} */ share) =>
      delays.sort((one, other) => one - other)[Math.max(0, Math.ceil(delays.length * share) - 1)] ?? 0;
    const { delays, ownDelays } = recorded;
    return { p50: at(delays, 0.5), p99: at(delays, 0.99), max: at(delays, 1), ownP99: at(ownDelays, 0.99) };
  },
  "/profile/start": async () => {
    inspector.connect();
    await post("Profiler.enable");
    await post("Profiler.setSamplingInterval", { interval: 200 });
    await post("Profiler.start");
    return {};
  },
  "/profile/stop": async () => {
    const { profile } = await post("Profiler.stop");
    inspector.disconnect();
    return profile;
  },
};

function startTicking() {
  let dueAt = performance.now() + TICK_MILLISECONDS;
  let waited = cpuWaitMilliseconds();
  return setInterval(() => {
    const now = performance.now();
    const waitedNow = cpuWaitMilliseconds();
    const delay = Math.max(0, now - dueAt);
    record(recorded.delays, delay);
    record(recorded.ownDelays, Math.max(0, delay - (waitedNow - waited)));
    waited = waitedNow;
    dueAt = now + TICK_MILLISECONDS;
  }, TICK_MILLISECONDS).unref();
}

/**
 * A stall of 100 ms delays twenty ticks, so it is recorded as 100, 95, 90 and so on; a single value among thousands would not
 * show in the p99.
 * @param {number[]} list  @param {number} delay
 */
function record(list, delay) {
  for (let late = delay; late >= 0; late -= TICK_MILLISECONDS) list.push(late);
}

/** Total time in milliseconds that this thread waited for a CPU; 0 if not available. */
function cpuWaitMilliseconds() {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** CPU time of the threads with a positive nice value: the hash workers. Null on systems without per-thread priorities. */
function niceThreadsMicroseconds() {
  if (process.platform !== "linux") return null;
  const threads = "/proc/self/task";
  return readdirSync(threads).reduce((sum, id) => {
    // proc(5): field 19 is the nice value; field 2 is a name in parentheses.
    const stat = readFileSync(`${threads}/${id}/stat`, "utf8");
    const isNice = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]) > 0;
    // The first field of schedstat is the time on a CPU in nanoseconds.
    return isNice ? sum + Number(readFileSync(`${threads}/${id}/schedstat`, "utf8").split(" ")[0]) / 1000 : sum;
  }, 0);
}

/** @param {string} method  @param {object} [parameters]  @returns {Promise<any>} */
function post(method, parameters) {
  return new Promise((resolve, reject) =>
    inspector.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result))),
  );
}

const server = createServer(async ({ url }, response) => {
  const handler = handlers[url ?? ""];
  if (handler === undefined) return response.writeHead(404).end();
  response.end(JSON.stringify(await handler()));
});
server.listen(Number(process.env.APP_PROBE_PORT), "127.0.0.1").unref();
