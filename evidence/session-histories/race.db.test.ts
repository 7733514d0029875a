import "@/server/runtime/testing-env";
import { describe, test } from "vitest";
import { checkAftermath } from "./postconditions";
import { Conductor } from "./scheduler";
import { happen, type SeenCall } from "./history";
import { ACROSS_THE_END_OF_THE_WINDOW, BEFORE_A_ROTATION, DURING_A_LOGIN } from "./known-races";
import { allRaces, racesForTheDoor, refreshRaces, type Race } from "./race-generators";
import type { Wished } from "./resolve";
import { holdsForAll, TIMEOUT } from "./property-runs";
import { twoInstances } from "./two-instances";

const begin = twoInstances();

describe("what races over two instances has a serial order that explains it:", { timeout: TIMEOUT }, () => {
  test("refreshes, at the edges of the window", () =>
    holdsForAll(refreshRaces, hasSerialOrder, { count: 120, seconds: 4, known: [ACROSS_THE_END_OF_THE_WINDOW] }));

  test("logins, and what ends all sessions", () =>
    holdsForAll(racesForTheDoor, hasSerialOrder, { count: 80, seconds: 4, known: DURING_A_LOGIN }));

  test("everything", () => holdsForAll(allRaces, hasSerialOrder, { count: 80, seconds: 3, known: BEFORE_A_ROTATION }));
});

async function hasSerialOrder({ prelude, clients, score }: Race): Promise<void> {
  const history = await begin();
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
