import { performance } from "node:perf_hooks";
import { STOP, type LoadResult, type LoadSpec } from "./load-generator";
import { pause } from "@/evidence/pause";
import { HttpConnection } from "./http-connection";

// A separate process, so that load generation uses neither the app's CPU time nor its event loop.
let isStopped = false;

process.on("message", (message: LoadSpec | typeof STOP) => {
  if (message === STOP) isStopped = true;
  else respond(message);
});
process.on("disconnect", () => process.exit(0));

function respond(spec: LoadSpec): void {
  isStopped = false;
  run(spec).then(
    (result) => process.send!({ result }),
    (error: unknown) => process.send!({ error: String(error) }),
  );
}

async function run(spec: LoadSpec): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: spec.connections }, (_, index) => HttpConnection.open(spec.ports[index % spec.ports.length]!)),
  );
  const milliseconds: number[] = [];
  const statuses: Record<number, number> = {};
  let [bytes, retryLater] = [0, 0];
  let started = 0;
  const idleBefore = performance.eventLoopUtilization();
  const startedAt = performance.now();
  const deadline = startedAt + (spec.seconds ?? Infinity) * 1000;

  const send = async (connection: HttpConnection, since: number) => {
    const request = spec.requests[(started++ + (spec.from ?? 0)) % spec.requests.length]!;
    const response = await connection.send(request);
    milliseconds.push(performance.now() - since);
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    bytes += response.bytes;
    if (response.retryAfterSeconds >= 1) retryLater += 1;
  };
  const isOver = () => isStopped || performance.now() >= deadline || started >= (spec.count ?? Infinity);

  if (spec.perSecond === undefined) {
    await Promise.all(
      connections.map(async (connection) => {
        while (!isOver()) {
          await send(connection, performance.now());
          if (spec.pauseMilliseconds !== undefined) await pause(spec.pauseMilliseconds);
        }
      }),
    );
  } else await sendAtRate(spec.perSecond, connections, send, isOver);

  const seconds = (performance.now() - startedAt) / 1000;
  const { utilization } = performance.eventLoopUtilization(idleBefore);
  for (const connection of connections) connection.close();
  return { seconds, milliseconds: Float64Array.from(milliseconds), statuses, retryLater, bytes, utilization };
}

/** Open loop: sends at a constant rate. If no connection is free, the latency of a request includes the time in the queue. */
async function sendAtRate(
  perSecond: number,
  connections: HttpConnection[],
  send: (connection: HttpConnection, since: number) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  const free = [...connections];
  const due: number[] = [];
  const inFlight = new Set<Promise<void>>();
  const startedAt = performance.now();
  let fault: unknown;
  const sendNext = (since: number) => {
    const connection = free.pop()!;
    const sent = send(connection, since)
      .catch((error: unknown) => (fault = error))
      .finally(() => {
        inFlight.delete(sent);
        free.push(connection);
        if (due.length > 0) sendNext(due.shift()!);
      }) as Promise<void>;
    inFlight.add(sent);
  };
  for (let index = 0; !isOver() && fault === undefined; index++) {
    const dueAt = startedAt + (index * 1000) / perSecond;
    await pause(dueAt - performance.now());
    if (free.length > 0) sendNext(performance.now());
    else due.push(dueAt);
  }
  due.length = 0;
  await Promise.all(inFlight);
  if (fault !== undefined) throw fault;
}
