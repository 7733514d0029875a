import "@/server/runtime/testing-env";
import { test } from "vitest";
import { checkPostconditions } from "./postconditions";
import { runCommand } from "./history";
import type { Command } from "./commands";
import { sequences } from "./sequences";
import { assertForAll, TIMEOUT } from "./property-runs";
import { useTwoInstances } from "./two-instances";

const start = useTwoInstances();

test(
  "whatever happens, one thing after the other: answers and rows are those of the contract",
  { timeout: TIMEOUT },
  () => assertForAll(sequences, isAsModelled, { count: 100, seconds: 6 }),
);

async function isAsModelled(commands: Command[]): Promise<void> {
  const history = await start();
  for (const command of commands) await runCommand(history, command);
  await checkPostconditions(history);
}
