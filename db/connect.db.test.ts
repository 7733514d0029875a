import { sql } from "kysely";
import { expect, test } from "vitest";
import { connect } from "./connect";
import { isUnavailable } from "./faults";
import { atOnce, existingSession, newUser, useTestDatabase } from "./testing";
import { updateFullName } from "./tables/users";

const database = useTestDatabase();

/** MySQL and MariaDB name the isolation level differently. */
async function readSettings() {
  const { rows } = await sql<
    Record<string, string>
  >`show session variables where variable_name in ('sql_mode', 'time_zone',
    'tx_isolation', 'transaction_isolation', 'innodb_lock_wait_timeout', 'lock_wait_timeout', 'max_statement_time',
    'max_execution_time', 'character_set_client', 'character_set_connection', 'character_set_results', 'lc_messages',
    'autocommit')`.execute(database.db);
  return Object.fromEntries(rows.map((row) => Object.values(row))) as Record<string, string>;
}

test("every connection sets the session variables that must not depend on the server's configuration", async () => {
  for (const settings of await atOnce(10, readSettings)) {
    expect(settings).toMatchObject({
      sql_mode: "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
      time_zone: "+00:00",
      innodb_lock_wait_timeout: "2",
      lock_wait_timeout: "2",
      character_set_client: "utf8mb4",
      character_set_connection: "utf8mb4",
      character_set_results: "utf8mb4",
      lc_messages: "en_US",
      autocommit: "ON",
    });
    expect(settings.tx_isolation ?? settings.transaction_isolation).toBe("READ-COMMITTED");
    expect(Number(settings.max_statement_time ?? Number(settings.max_execution_time) / 1000)).toBe(4);
  }
});

test("a parameter that the driver could expand to SQL is rejected before the statement is sent", async () => {
  const { db } = database;
  const values = [{ email: 1 }, ["a", "b"], { toSqlString: () => "1 or 1 = 1" }, undefined, Symbol("x")];
  for (const value of values) {
    const query = sql`select * from users where email = ${value}`.execute(db);
    await expect(query).rejects.toThrow("must be scalar values");
  }
  expect((await sql`select ${"still"} as here`.execute(db)).rows).toEqual([{ here: "still" }]);
});

test("quotes and backslashes in a parameter stay inside the string", async () => {
  for (const text of ["'", "\\'", "\\", "\\\\'", "\u0000", "'; select 1 -- ", "\u00bf'", "%_"]) {
    const { rows } = await sql`select ${text} as text`.execute(database.db);
    expect(rows).toEqual([{ text }]);
  }
});

test("one query call cannot run two statements", async () => {
  await expect(sql`select 1; select 2`.execute(database.db)).rejects.toThrow("syntax");
  const url = new URL(database.url);
  url.searchParams.set("multipleStatements", "true");
  expect(() => connect(url.href)).toThrow("multipleStatements");
});

test("a statement that exceeds its time limit is aborted, and its connection serves the next one", async () => {
  const db = connect(database.url, { poolSize: 1, statementSeconds: 1 });
  const connectionId = async () => (await sql<{ id: number }>`select connection_id() as id`.execute(db)).rows[0]!.id;
  const id = await connectionId();
  // On timeout MySQL's sleep() returns early and MariaDB's statement fails.
  const before = performance.now();
  const error = await sql`select sleep(3)`.execute(db).catch((caught: unknown) => caught);
  if (error instanceof Error) expect(isUnavailable(error)).toBe(true);
  expect(performance.now() - before).toBeLessThan(1400);
  expect(await connectionId()).toBe(id);
  await db.destroy();
});

test("a write that waits for a locked row fails as unavailable within 4.5 seconds", async () => {
  const { db, url } = database;
  const { id: sessionId, userId } = await existingSession(db);
  const other = connect(url);
  await other.transaction().execute(async (trx) => {
    await trx.updateTable("users").set({ fullName: "Held" }).where("id", "=", userId).execute();
    const before = performance.now();
    const waiting = atOnce(30, () =>
      updateFullName(db, { userId, sessionId, fullName: "x", now: new Date() }).catch((error: unknown) => error),
    );
    // The pool has ten connections: the locked row may occupy one of them.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await atOnce(9, () => sql`select 1`.execute(db));
    expect(performance.now() - before).toBeLessThan(1000);
    for (const result of await waiting) expect(isUnavailable(result)).toBe(true);
    expect(performance.now() - before).toBeLessThan(4500);
  });
  await other.destroy();
});

test("a full connection queue rejects at once, and a wait for a connection times out", async () => {
  const db = connect(database.url, { poolSize: 1, queueLimit: 2, acquireSeconds: 0.3 });
  await db.connection().execute(async () => {
    const results = atOnce(4, () => sql`select 1`.execute(db).catch((error: unknown) => error));
    const codes = (await results).map((error) => (error as { code: string }).code);
    expect(codes.sort()).toEqual(["ACQUIRE_TIMEOUT", "ACQUIRE_TIMEOUT", "QUEUE_FULL", "QUEUE_FULL"]);
  });
  // Timed-out requests are still in the driver's queue: connections they get are released.
  for (let round = 0; round < 5; round++) await sql`select 1`.execute(db);
  await db.destroy();
  const closed = await sql`select 1`.execute(db).catch((error: unknown) => error);
  expect(closed).toBeInstanceOf(Error);
});

test("a failed transaction leaves neither rows nor an open transaction behind", async () => {
  const db = connect(database.url, { poolSize: 1 });
  const user = newUser();
  const failing = db.transaction().execute(async (trx) => {
    await trx.insertInto("users").values(user).execute();
    await trx.insertInto("users").values(user).execute();
  });
  await expect(failing).rejects.toThrow("Duplicate");
  expect(await db.selectFrom("users").select("id").where("id", "=", user.id).execute()).toEqual([]);
  await db.insertInto("users").values(user).execute();
  expect(await database.db.selectFrom("users").select("id").where("id", "=", user.id).execute()).toHaveLength(1);
  await db.destroy();
});
