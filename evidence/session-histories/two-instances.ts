import { afterAll, beforeAll } from "vitest";
import { useTestDatabase } from "@/db/testing";
import { History } from "./history";
import { startInstance, type Instance } from "./instance";
import { PASSWORDS } from "./execute-operation";

/** Provides two instances with a database of their own for the tests of a file. Returns a function that starts a history. */
export function useTwoInstances(): () => Promise<History> {
  const database = useTestDatabase();
  let instances: Instance[];
  let passwordHash: string;

  beforeAll(async () => {
    instances = [await startInstance(database.url), await startInstance(database.url)];
    passwordHash = await instances[0]!.hashPassword(PASSWORDS[0]!);
  });
  afterAll(() => Promise.all(instances.map(({ db }) => db.destroy())));
  return () => History.start(instances, passwordHash);
}
