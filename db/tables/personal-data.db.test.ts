import { randomUUID } from "node:crypto";
import { CamelCasePlugin, sql } from "kysely";
import { describe, expect, test } from "vitest";
import type { Database } from "@/db/schema";
import { daysAfter, existingFactors, existingSession, existingUser, newNonce, useTestDatabase } from "@/db/testing";
import { purgeAccount } from "./deletions";
import { PERSONAL_DATA, readPersonalData } from "./personal-data";

const database = useTestDatabase();

/** Kysely's own tables, which name migrations. */
const OF_MIGRATIONS = ["kyselyMigration", "kyselyMigrationLock"];

const camelCase = new (class extends CamelCasePlugin {
  of = (name: string) => this.camelCase(name);
})();

/** Every column of the migrated database, by table. */
async function columnsByTable(): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ tableName: string; columnName: string }>`
    select table_name as table_name, column_name as column_name from information_schema.columns
    where table_schema = database()`.execute(database.db);
  const tables = new Map<string, string[]>();
  for (const { tableName, columnName } of rows) {
    const table = camelCase.of(tableName);
    if (!OF_MIGRATIONS.includes(table)) tables.set(table, [...(tables.get(table) ?? []), camelCase.of(columnName)]);
  }
  return tables;
}

interface ForeignKey {
  table: string;
  column: string;
  target: string;
  deleteRule: string;
}

async function foreignKeys(): Promise<ForeignKey[]> {
  const { rows } = await sql<ForeignKey>`
    select used.table_name as ${sql.ref("table")}, used.column_name as ${sql.ref("column")},
      used.referenced_table_name as target, rules.delete_rule as delete_rule
    from information_schema.key_column_usage as used
    join information_schema.referential_constraints as rules
      on rules.constraint_schema = used.constraint_schema and rules.constraint_name = used.constraint_name
    where used.table_schema = database() and used.referenced_table_name is not null`.execute(database.db);
  return rows.map(({ table, column, target, deleteRule }) => ({
    table: camelCase.of(table),
    column: camelCase.of(column),
    target: camelCase.of(target),
    deleteRule,
  }));
}

/** Rows of a person in every table that has rows of persons. */
async function fillEveryTable({ email, fullName }: { email: string; fullName: string }) {
  const { db } = database;
  const { id: userId } = await existingUser(db, { email, fullName });
  const session = await existingSession(db, { userId });
  const base = { userId, email, salt: newNonce(), askedBySessionId: session.id, createdAt: session.createdAt };
  const confirmation = { ...base, id: randomUUID(), purpose: "verify-email", expiresAt: daysAfter(base.createdAt, 1) };
  await db.insertInto("confirmations").values(confirmation).execute();
  const mail = { kind: "verify-email", recipient: email, createdAt: base.createdAt, nextAttemptAt: null };
  const details = JSON.stringify({ message: { kind: mail.kind }, link: { purpose: mail.kind, email } });
  await db
    .insertInto("outgoingMails")
    .values([
      { ...mail, id: randomUUID(), userId, confirmationId: confirmation.id, details },
      // A request that is not composed yet does not name the account.
      { ...mail, id: randomUUID(), userId: null, details },
    ])
    .execute();
  await existingFactors(db, { userId, at: base.createdAt, name: fullName });
  const challenge = { id: randomUUID(), ceremony: "login", userId, createdAt: base.createdAt };
  await db
    .insertInto("challenges")
    .values({ ...challenge, expiresAt: confirmation.expiresAt })
    .execute();
  return { userId, sessionId: session.id, confirmationId: confirmation.id };
}

/** Every row of the database, as text, by table. */
async function dump(): Promise<Map<string, string>> {
  const dumps = new Map<string, string>();
  for (const table of (await columnsByTable()).keys()) {
    const rows = await database.db
      .selectFrom(table as keyof Database)
      .selectAll()
      .execute();
    dumps.set(table, JSON.stringify(rows));
  }
  return dumps;
}

describe("every table of the migrated database", () => {
  test("has a rule for export and deletion, and so has each of its columns", async () => {
    const ruled = Object.entries(PERSONAL_DATA).map(([table, { columns }]) => [table, Object.keys(columns).sort()]);
    const actual = [...(await columnsByTable())].map(([table, columns]) => [table, columns.sort()]);
    expect(Object.fromEntries(ruled)).toEqual(Object.fromEntries(actual));
  });

  test("that a foreign key connects to users, directly or not, has an owner, and its rows go with the account", async () => {
    const keys = await foreignKeys();
    const connected = new Set(["users"]);
    for (let size = 0; size < connected.size;) {
      size = connected.size;
      for (const { table, target } of keys) if (connected.has(target)) connected.add(table);
    }
    const owned = Object.entries(PERSONAL_DATA).filter(([, { owner }]) => typeof owner === "string");
    expect(owned.map(([table]) => table).sort()).toEqual([...connected].sort());
    expect(keys.filter(({ target, deleteRule }) => connected.has(target) && deleteRule !== "CASCADE")).toEqual([]);
    for (const [table, { owner }] of owned) {
      const isOwner = (key: ForeignKey) => key.table === table && key.column === owner && key.target === "users";
      expect(table === "users" || keys.some(isOwner), table).toBe(true);
    }
  });
});

test("an export contains the exported columns of every table that has rows of persons, and only this person's rows", async () => {
  const { userId } = await fillEveryTable({ email: `${randomUUID()}@example.test`, fullName: "Ada Lovelace" });
  await fillEveryTable({ email: `${randomUUID()}@example.test`, fullName: "Someone Else" });
  const read = await readPersonalData(database.db, userId, 10);
  const expected = Object.entries(PERSONAL_DATA)
    .filter(([, { owner }]) => typeof owner === "string")
    .map(([table, { columns }]) => [
      table,
      Object.entries(columns)
        .filter(([, rule]) => rule === "exported")
        .map(([name]) => name)
        .sort(),
    ]);
  const found = [...read].map(([table, rows]) => [table, rows.map((row) => Object.keys(row).sort())]);
  expect(found).toEqual(expected.map(([table, columns]) => [table, [columns]]));
  expect(JSON.stringify([...read])).not.toContain("Someone Else");
});

test("an export contains the newest rows of a table that has too many", async () => {
  const { id: userId } = await existingUser(database.db);
  const opened = [];
  for (let day = 0; day < 4; day++) {
    opened.push(await existingSession(database.db, { userId, createdAt: daysAfter(new Date(), day - 5) }));
  }
  const { id } = opened.at(-1)!;
  expect((await readPersonalData(database.db, userId, 2)).get("sessions")).toMatchObject([
    { id },
    { id: opened[2]!.id },
  ]);
});

test("after the purge of a person who has rows in every table, nothing in any column names them, and other people's rows stay", async () => {
  const ada = { email: `ada-${randomUUID()}@example.test`, fullName: `Ada ${randomUUID()}` };
  const bob = { email: `bob-${randomUUID()}@example.test`, fullName: `Bob ${randomUUID()}` };
  const [{ userId: bobId }, { userId, sessionId, confirmationId }] = [
    await fillEveryTable(bob),
    await fillEveryTable(ada),
  ];
  const before = await dump();
  for (const [table, { owner }] of Object.entries(PERSONAL_DATA)) {
    if (typeof owner === "string") expect(before.get(table), `${table} has no row of the person`).toContain(userId);
  }
  const now = new Date();
  await database.db.updateTable("users").set({ disabledAt: now, deletesAt: now }).where("id", "=", userId).execute();
  expect(await purgeAccount(database.db, userId, now)).toBe(true);

  const after = await dump();
  for (const [table, rows] of after) {
    for (const trace of [userId, sessionId, confirmationId, ada.email, ada.fullName]) {
      expect(rows.includes(trace), `${table} contains ${trace}`).toBe(false);
    }
    if (before.get(table)!.includes(bobId)) expect(rows).toContain(bobId);
  }
  expect([after.get("users"), after.get("outgoingMails")].map((rows) => rows!.split(bob.email).length)).toEqual([2, 5]);
});
