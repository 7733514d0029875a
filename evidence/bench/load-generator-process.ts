import { performance } from "node:perf_hooks";
import type { LoadResult, LoadSpec } from "./load-generator";
import { pause } from "@/evidence/pause";
import { HttpConnection } from "./http-connection";

// A process of its own: what it spends is not spent by the app, and it never waits for the app's event loop.
process.on("message", (spec: LoadSpec) => {
  run(spec).then(
    (result) => process.send!({ result }),
    (error: unknown) => process.send!({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function run(spec: LoadSpec): Promise<LoadResult> {
  const connections = await Promise.all(
    Array.from({ length: spec.connections }, (_, index) => HttpConnection.open(spec.ports[index % spec.ports.length]!)),
  );
  const milliseconds: number[] = [];
  const statuses: Record<number, number> = {};
  let bytes = 0;
  let begun = 0;
  const idleBefore = performance.eventLoopUtilization();
  const startedAt = performance.now();
  const deadline = startedAt + (spec.seconds ?? Infinity) * 1000;

  const send = async (connection: HttpConnection, since: number) => {
    const request = spec.requests[(begun++ + (spec.from ?? 0)) % spec.requests.length]!;
    const response = await connection.send(request);
    milliseconds.push(performance.now() - since);
    statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    bytes += response.bytes;
  };
  const isOver = () => performance.now() >= deadline || begun >= (spec.count ?? Infinity);

  if (spec.perSecond === undefined) {
    await Promise.all(
      connections.map(async (connection) => {
        while (!isOver()) await send(connection, performance.now());
      }),
    );
  } else await atPace(spec.perSecond, connections, send, isOver);

  const seconds = (performance.now() - startedAt) / 1000;
  const { utilization } = performance.eventLoopUtilization(idleBefore);
  for (const connection of connections) connection.close();
  return { seconds, milliseconds: Float64Array.from(milliseconds), statuses, bytes, utilization };
}

/** Whether or not the answers keep up. A request for which no connection is free counts from when it was due. */
async function atPace(
  perSecond: number,
  connections: HttpConnection[],
  send: (connection: HttpConnection, since: number) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  const free = [...connections];
  const due: number[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let fault: unknown;
  const sendNext = (since: number) => {
    const connection = free.pop()!;
    const sent = send(connection, since)
      .catch((error: unknown) => (fault = error))
      .finally(() => {
        underWay.delete(sent);
        free.push(connection);
        if (due.length > 0) sendNext(due.shift()!);
      }) as Promise<void>;
    underWay.add(sent);
  };
  for (let index = 0; !isOver() && fault === undefined; index++) {
    const dueAt = startedAt + (index * 1000) / perSecond;
    await pause(dueAt - performance.now());
    if (free.length > 0) sendNext(performance.now());
    else due.push(dueAt);
  }
  due.length = 0;
  await Promise.all(underWay);
  if (fault !== undefined) throw fault;
}
