import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Session } from "node:inspector";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Preloaded into an app with --import: reports on the process over HTTP on a separate port.
const loop = monitorEventLoopDelay({ resolution: 5 });
const inspector = new Session();

/** @type {Record<string, () => unknown>} */
const handlers = {
  "/cpu": () => {
    const { user, system } = process.cpuUsage();
    return { microseconds: user + system, hashing: niceThreadsMicroseconds() };
  },
  "/memory": () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    collect();
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heapUsed, external };
  },
  "/loop/start": () => {
    loop.reset();
    loop.enable();
    return {};
  },
  "/loop/stop": () => {
    loop.disable();
    const milliseconds = (/** @type {number} */ nanoseconds) => nanoseconds / 1e6;
    return {
      p50: milliseconds(loop.percentile(50)),
      p99: milliseconds(loop.percentile(99)),
      max: milliseconds(loop.max),
    };
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
server.listen(Number(process.env.BENCH_PROBE_PORT), "127.0.0.1").unref();
