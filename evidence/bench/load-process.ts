import { performance } from "node:perf_hooks";
import type { LoadResult, LoadSpec } from "./load";
import { pause } from "@/evidence/pause";
import { Wire } from "./wire";

// A process of its own: what it spends is not spent by the app, and it never waits for the app's event loop.
process.on("message", (spec: LoadSpec) => {
  run(spec).then(
    (result) => process.send!({ result }),
    (error: unknown) => process.send!({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function run(spec: LoadSpec): Promise<LoadResult> {
  const wires = await Promise.all(
    Array.from({ length: spec.connections }, (_, index) => Wire.open(spec.ports[index % spec.ports.length]!)),
  );
  const milliseconds: number[] = [];
  const statuses: Record<number, number> = {};
  let bytes = 0;
  let begun = 0;
  const idleBefore = performance.eventLoopUtilization();
  const startedAt = performance.now();
  const deadline = startedAt + (spec.seconds ?? Infinity) * 1000;

  const ask = async (wire: Wire, since: number) => {
    const request = spec.requests[(begun++ + (spec.from ?? 0)) % spec.requests.length]!;
    const answered = await wire.ask(request);
    milliseconds.push(performance.now() - since);
    statuses[answered.status] = (statuses[answered.status] ?? 0) + 1;
    bytes += answered.bytes;
  };
  const isOver = () => performance.now() >= deadline || begun >= (spec.count ?? Infinity);

  if (spec.perSecond === undefined) {
    await Promise.all(
      wires.map(async (wire) => {
        while (!isOver()) await ask(wire, performance.now());
      }),
    );
  } else await atPace(spec.perSecond, wires, ask, isOver);

  const seconds = (performance.now() - startedAt) / 1000;
  const { utilization } = performance.eventLoopUtilization(idleBefore);
  for (const wire of wires) wire.close();
  return { seconds, milliseconds: Float64Array.from(milliseconds), statuses, bytes, utilization };
}

/** Whether or not the answers keep up. A request for which no connection is free counts from when it was due. */
async function atPace(
  perSecond: number,
  wires: Wire[],
  ask: (wire: Wire, since: number) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  const free = [...wires];
  const due: number[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let fault: unknown;
  const send = (since: number) => {
    const wire = free.pop()!;
    const asked = ask(wire, since)
      .catch((error: unknown) => (fault = error))
      .finally(() => {
        underWay.delete(asked);
        free.push(wire);
        if (due.length > 0) send(due.shift()!);
      }) as Promise<void>;
    underWay.add(asked);
  };
  for (let index = 0; !isOver() && fault === undefined; index++) {
    const dueAt = startedAt + (index * 1000) / perSecond;
    await pause(dueAt - performance.now());
    if (free.length > 0) send(performance.now());
    else due.push(dueAt);
  }
  due.length = 0;
  await Promise.all(underWay);
  if (fault !== undefined) throw fault;
}
