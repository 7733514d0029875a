import { afterAll, beforeAll } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/db/testing";
import { History } from "./history";
import { startInstance, type Instance } from "./instance";
import { PASSWORDS } from "./execute-operation";

/** Provides two instances with a database of their own for the tests of a file. Returns a function that starts a history. */
export function useTwoInstances(): () => Promise<History> {
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
  return () => History.start(instances, passwordHash);
}
