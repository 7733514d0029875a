import type { Kysely } from "kysely";
import { expect, test } from "vitest";
import type { Database } from "./schema";
import { writeHeartbeat } from "./tables/heartbeats";
import { insertUser } from "./tables/users";
import { atOnce, newUser, useTestDatabase } from "./testing";

const database = useTestDatabase();

/**
 * Runs eight inserts of one key while a transaction that has inserted it is open, and rolls that back: all eight then hold a shared
 * lock and wait for each other, and the server ends the deadlock with error 1213 for some of them.
 */
async function insertIntoDeadlock<T>(
  first: (trx: Kysely<Database>) => Promise<unknown>,
  insert: () => Promise<T>,
): Promise<T[]> {
  const { db } = database;
  let inserts: Promise<T[]> | undefined;
  const rolledBack = db.transaction().execute(async (trx) => {
    await first(trx);
    inserts = atOnce(8, insert);
    await new Promise((resolve) => setTimeout(resolve, 200));
    throw new Error("rolled back");
  });
  await expect(rolledBack).rejects.toThrow("rolled back");
  return inserts!;
}

test("registrations of one email that deadlock are repeated: one is inserted, the others find it taken", async () => {
  const { sessionEpoch: _, ...first } = newUser();
  const results = await insertIntoDeadlock(
    (trx) => trx.insertInto("users").values(first).execute(),
    () => insertUser(database.db, { ...first, id: newUser().id }),
  );
  expect(results.map(({ kind }) => kind).sort()).toEqual(["inserted", ...Array(7).fill("taken")]);
});

test("heartbeats of one name that deadlock are repeated", async () => {
  const name = "deadlock";
  await insertIntoDeadlock(
    (trx) => trx.insertInto("heartbeats").values({ name, writtenAt: new Date() }).execute(),
    () => writeHeartbeat(database.db, name),
  );
});
