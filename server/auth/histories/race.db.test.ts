import "@/server/testing-env";
import { afterAll, beforeAll, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/db/testing";
import { checkAftermath } from "./aftermath";
import { Conductor } from "./conductor";
import { happen, History, type SeenCall } from "./history";
import { startInstance, type Instance } from "./instance";
import { PASSWORDS } from "./perform";
import { races, refreshRaces, type Race } from "./race-intents";
import type { Wished } from "./resolve";
import { holdsForAll, TIMEOUT } from "./testing-runs";

let database: TestDatabase;
let instances: Instance[];
let passwordHash: string;

beforeAll(async () => {
  database = await createTestDatabase();
  instances = [await startInstance(database.url), await startInstance(database.url)];
  passwordHash = await instances[0]!.hashPassword(PASSWORDS[0]!);
});

afterAll(async () => {
  await Promise.all(instances.map(({ db }) => db.destroy()));
  await database.drop();
});

test(
  "refreshes that race over two instances, at the edges of the window, have a serial order that explains them",
  {
    timeout: TIMEOUT,
  },
  () => holdsForAll(refreshRaces, hasSerialOrder, { count: 120, seconds: 5 }),
);

test(
  "so has everything that races: logins, logouts, revocations, passwords, roles, purges, crashes",
  {
    timeout: TIMEOUT,
  },
  () => holdsForAll(races, hasSerialOrder, { count: 100, seconds: 5 }),
);

async function hasSerialOrder({ prelude, clients, score }: Race): Promise<void> {
  const history = await History.begin(instances, passwordHash);
  for (const intent of prelude) await happen(history, intent);

  history.transcript.push("and now at once:");
  const calls: SeenCall[] = [];
  const players = clients.map((steps) => async (pause: () => Promise<void>) => {
    for (const { intent, clock } of steps) {
      const operation = await history.resolve(intent as Wished, history.at + clock);
      calls.push(await history.call(operation, intent.crash, pause));
      await pause();
    }
  });
  if (score === null) await Promise.all(players.map((player) => player(() => Promise.resolve())));
  else await new Conductor(score).conduct(players);

  await history.explain(withoutPassengers(calls));
  await checkAftermath(history);
}

/** Parallel calls of one instance with one token share a refresh: they are one call, and have one answer. */
function withoutPassengers(calls: SeenCall[]): SeenCall[] {
  const inOrder = calls.toSorted((one, other) => one.begunAt - other.begunAt);
  return inOrder.filter(
    (call, index) =>
      call.operation.kind !== "refresh" ||
      call.raw === null ||
      !inOrder.slice(0, index).some(({ raw, answeredAt }) => raw === call.raw && answeredAt > call.begunAt),
  );
}
