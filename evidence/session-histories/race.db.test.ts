import "@/server/runtime/testing-env";
import { describe, test } from "vitest";
import { checkPostconditions } from "./postconditions";
import { Scheduler } from "./scheduler";
import { runCommand, type ObservedCall } from "./history";
import { ACROSS_WINDOW_END, BEFORE_A_ROTATION, DURING_A_CONFIRMATION, DURING_A_LOGIN } from "./known-races";
import { allRaces, linkRaces, loginRaces, refreshRaces, type Race } from "./race-generators";
import type { ResolvableCommand } from "./resolve-command";
import { assertForAll, TIMEOUT } from "./property-runs";
import { useTwoInstances } from "./two-instances";

const start = useTwoInstances();

describe("session histories: a serial order explains concurrent", { timeout: TIMEOUT }, () => {
  test("refreshes at the limits of the grace window, on two instances", () =>
    assertForAll(refreshRaces, hasSerialOrder, { count: 120, seconds: 4, known: [ACROSS_WINDOW_END] }));

  test("logins and operations that end all sessions, on two instances", () =>
    assertForAll(loginRaces, hasSerialOrder, { count: 80, seconds: 4, known: DURING_A_LOGIN }));

  test("links, and what they end or are ended by, on two instances", () =>
    assertForAll(linkRaces, hasSerialOrder, { count: 80, seconds: 4, known: DURING_A_CONFIRMATION }));

  test("operations of every kind, on two instances", () =>
    assertForAll(allRaces, hasSerialOrder, { count: 80, seconds: 3, known: BEFORE_A_ROTATION }));
});

async function hasSerialOrder({ setup, clients, schedule }: Race): Promise<void> {
  const history = await start();
  for (const command of setup) await runCommand(history, command);

  history.transcript.push("concurrently:");
  const calls: ObservedCall[] = [];
  const tasks = clients.map((steps) => async (pause: () => Promise<void>) => {
    for (const { command, clock } of steps) {
      const operation = await history.resolve(command as ResolvableCommand, history.at + clock);
      calls.push(await history.call(operation, command.crash, pause));
      await pause();
    }
  });
  if (schedule === null) await Promise.all(tasks.map((task) => task(() => Promise.resolve())));
  else await new Scheduler(schedule).run(tasks);

  await history.explain(withoutSharedRefreshes(calls));
  await checkPostconditions(history);
}

/** Concurrent calls on one instance with one token share a refresh; they count as one call with one outcome. */
function withoutSharedRefreshes(calls: ObservedCall[]): ObservedCall[] {
  const inOrder = calls.toSorted((one, other) => one.startedAt - other.startedAt);
  return inOrder.filter(
    (call, index) =>
      call.operation.kind !== "refresh" ||
      call.raw === null ||
      !inOrder.slice(0, index).some(({ raw, endedAt }) => raw === call.raw && endedAt > call.startedAt),
  );
}
