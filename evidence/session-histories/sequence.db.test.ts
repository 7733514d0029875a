import "@/server/runtime/testing-env";
import { test } from "vitest";
import { checkAftermath } from "./aftermath";
import { happen } from "./history";
import type { Intent } from "./intents";
import { sequences } from "./sequences";
import { holdsForAll, TIMEOUT } from "./testing-runs";
import { twoInstances } from "./testing-stage";

const begin = twoInstances();

test(
  "whatever happens, one thing after the other: answers and rows are those of the contract",
  { timeout: TIMEOUT },
  () => holdsForAll(sequences, isAsModelled, { count: 100, seconds: 6 }),
);

async function isAsModelled(intents: Intent[]): Promise<void> {
  const history = await begin();
  for (const intent of intents) await happen(history, intent);
  await checkAftermath(history);
}
