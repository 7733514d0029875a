import { MysqlAdapter, sql } from "kysely";
import { expect, onTestFinished, test, vi } from "vitest";
import { connect } from "./connect";
import { isMigrated, migrateToLatest, MIGRATION_LIMITS } from "./migrate";
import { MIGRATIONS } from "./migrations";
import { createEmptyDatabase, existingUser, newSession, newUser, readSession } from "./testing";

test("three instances that migrate an empty database concurrently all succeed and apply each migration once", async () => {
  const { db, url } = await createEmptyDatabase();
  expect(await isMigrated(db)).toBe(false);
  const instances = Array.from({ length: 3 }, () => connect(url, MIGRATION_LIMITS));
  const applied = await Promise.all(instances.map(migrateToLatest));
  await Promise.all(instances.map((instance) => instance.destroy()));
  expect(applied.flat().sort()).toEqual(Object.keys(MIGRATIONS));
  expect(await isMigrated(db)).toBe(true);
});

test("instances that migrate on different servers of a cluster, which do not share a lock, all succeed and apply each migration once", async () => {
  const lock = vi.spyOn(MysqlAdapter.prototype, "acquireMigrationLock").mockResolvedValue();
  onTestFinished(() => lock.mockRestore());
  for (let round = 0; round < 3; round++) {
    const { db, url } = await createEmptyDatabase();
    const instances = Array.from({ length: 3 }, () => connect(url, MIGRATION_LIMITS));
    const applied = await Promise.all(instances.map(migrateToLatest));
    await Promise.all(instances.map((instance) => instance.destroy()));
    expect(applied.flat().sort()).toEqual(Object.keys(MIGRATIONS));
    expect(await isMigrated(db)).toBe(true);
  }
  expect(lock).toHaveBeenCalled();
});

test.each(Object.keys(MIGRATIONS))(
  "a migration run that died after %s and before recording it can be repeated",
  async (name) => {
    const { db, url } = await createEmptyDatabase();
    const migrating = connect(url, MIGRATION_LIMITS);
    await migrateToLatest(migrating);
    await sql`delete from kysely_migration where name >= ${name}`.execute(db);
    expect(await migrateToLatest(migrating)).toContain(name);
    expect(await isMigrated(db)).toBe(true);
    await migrating.destroy();
  },
);

test("a table with rows that another application created makes the migration fail", async () => {
  const { db, url } = await createEmptyDatabase();
  await sql`create table users (id int primary key)`.execute(db);
  await sql`insert into users values (1)`.execute(db);
  const migrating = connect(url, MIGRATION_LIMITS);
  await expect(migrateToLatest(migrating)).rejects.toThrow(/already exists/);
  expect(await isMigrated(db)).toBe(false);
  await migrating.destroy();
});

test("isMigrated is false while the newest migration is not recorded", async () => {
  const { db, url } = await createEmptyDatabase();
  const migrating = connect(url, MIGRATION_LIMITS);
  await migrateToLatest(migrating);
  await migrating.destroy();
  await sql`delete from kysely_migration order by name desc limit 1`.execute(db);
  expect(await isMigrated(db)).toBe(false);
});

test("the email migration maps domains to Unicode, and of two emails that would become equal leaves the second unchanged", async () => {
  const { db, url } = await createEmptyDatabase();
  const migrating = connect(url, MIGRATION_LIMITS);
  await migrateToLatest(migrating);
  const forget = () => sql`delete from kysely_migration where name >= '2026-11-29T1200-map-email-domains'`.execute(db);
  await forget();
  const emails: [before: string, after: string][] = [
    ["a@xn--mnchen-3ya.example", "a@münchen.example"],
    ["b@münchen.example", "b@münchen.example"],
    ["b@xn--mnchen-3ya.example", "b@xn--mnchen-3ya.example"],
    ["c@bücher.xn--mnchen-3ya.example", "c@bücher.münchen.example"],
    ["c@xn--bcher-kva.xn--mnchen-3ya.example", "c@xn--bcher-kva.xn--mnchen-3ya.example"],
    ["d@münchen。example", "d@münchen.example"],
    ["e@xn--abc-.example", "e@xn--abc-.example"],
    ["f@xn--a.example", "f@xn--a.example"],
    ["g@a_b.xn--mnchen-3ya.example", "g@a_b.xn--mnchen-3ya.example"],
    ["xn--h@example.test", "xn--h@example.test"],
    ["ü@example.test", "ü@example.test"],
    ["i@faß.example", "i@faß.example"],
    ["plain@example.test", "plain@example.test"],
    ...Array.from({ length: 2500 }, (_, index): [string, string] => [
      `many${index}@xn--mnchen-3ya.example`,
      `many${index}@münchen.example`,
    ]),
  ];
  // Ids in the order of the list: they decide which of two duplicates is the second.
  const users = emails.map(([email], index) =>
    newUser({ email, id: `00000000-0000-7000-8000-${String(index).padStart(12, "0")}` }),
  );
  await db.insertInto("users").values(users).execute();

  for (let run = 0; run < 2; run++) {
    await migrateToLatest(migrating);
    const stored = await db.selectFrom("users").select("email").orderBy("id").execute();
    expect(stored.map(({ email }) => email)).toEqual(emails.map(([, after]) => after));
    await forget();
  }
  await migrating.destroy();
});

test("during a rolling upgrade sessions of a version without authenticated_at stay valid, whether inserted before its migration or after", async () => {
  const { db, url } = await createEmptyDatabase();
  const migrating = connect(url, MIGRATION_LIMITS);
  await migrateToLatest(migrating);
  const name = "2026-11-30T1000-add-authenticated-at-to-sessions";
  await sql`alter table sessions drop column authenticated_at`.execute(db);
  await sql`delete from kysely_migration where name >= ${name}`.execute(db);
  const { id: userId } = await existingUser(db);
  const insertAsBefore = async () => {
    const { authenticatedAt, ...columns } = newSession(userId);
    await db.insertInto("sessions").values(columns).execute();
    return columns;
  };

  const before = await insertAsBefore();
  expect(await migrateToLatest(migrating)).toContain(name);
  const after = await insertAsBefore();
  for (const session of [before, after]) {
    expect(await readSession(db, session.id)).toMatchObject({ ...session, authenticatedAt: null });
  }
  await migrating.destroy();
});

test("migrations are listed in order of their dates", () => {
  const names = Object.keys(MIGRATIONS);
  expect(names).toEqual([...names].sort());
  for (const name of names) expect(name).toMatch(/^\d{4}-\d\d-\d\dT\d{4}-[a-z-]+$/);
});

test("every table sets its engine and a binary collation explicitly", async () => {
  const { db, url } = await createEmptyDatabase();
  const migrating = connect(url, MIGRATION_LIMITS);
  await migrateToLatest(migrating);
  await migrating.destroy();
  const { rows } = await sql<{ engine: string; tableCollation: string }>`
    select engine as engine, table_collation as table_collation from information_schema.tables
    where table_schema = database() and table_name in ('users', 'sessions', 'rate_limits', 'heartbeats', 'signing_keys')`.execute(
    db,
  );
  expect(rows).toEqual(Array(5).fill({ engine: "InnoDB", tableCollation: "utf8mb4_bin" }));
  const columns = await sql`select column_name from information_schema.columns where table_schema = database()
    and table_name in ('users', 'sessions', 'rate_limits', 'heartbeats', 'signing_keys')
    and collation_name is not null and collation_name not in ('utf8mb4_bin', 'ascii_bin')`.execute(db);
  expect(columns.rows).toEqual([]);
});
