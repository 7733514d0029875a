import "@/server/runtime/testing-env";
import { test } from "vitest";
import { checkAftermath } from "./postconditions";
import { happen } from "./history";
import type { Intent } from "./commands";
import { sequences } from "./sequences";
import { holdsForAll, TIMEOUT } from "./property-runs";
import { twoInstances } from "./two-instances";

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
