import "@/server/testing-env";
import { afterAll, beforeAll, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/db/testing";
import { checkAftermath } from "./aftermath";
import { happen, History } from "./history";
import { startInstance, type Instance } from "./instance";
import { intents, type Intent } from "./intents";
import { PASSWORDS } from "./perform";
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
  "whatever happens, one thing after the other, the answers and the rows are those of the contract",
  {
    timeout: TIMEOUT,
  },
  () => holdsForAll(intents, isAsModelled, { count: 100, seconds: 8 }),
);

async function isAsModelled(wished: Intent[]): Promise<void> {
  const history = await History.begin(instances, passwordHash);
  for (const intent of wished) await happen(history, intent);
  await checkAftermath(history);
}
