import { sql, type Transaction } from "kysely";
import { describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { retryOnDeadlock } from "@/db/keyed-mutex";
import type { Database } from "@/db/schema";
import { lockUserRow } from "./confirmations";
import { listPasskeys } from "./passkeys";
import { revokeSession } from "./revocations";
import { findUserById, findUserForLogin, insertUser, replacePasswordHash, updateFullName } from "./users";
import { atOnce, existingPasskey, existingSession, existingUser, newUser, useTestDatabase } from "@/db/testing";

const database = useTestDatabase();

const device = { ip: "192.0.2.7", browser: "Firefox", os: "Linux" };

test("of fifty concurrent registrations of one email exactly one succeeds", async () => {
  const { db } = database;
  const email = "race@example.test";
  const results = await atOnce(50, () => insertUser(db, newUser({ email })));
  expect(results.filter(({ kind }) => kind === "inserted")).toHaveLength(1);
  expect(results.filter(({ kind }) => kind === "taken")).toHaveLength(49);
});

test("of concurrent transactions that lock one account through several connections, one finds no passkey and inserts the first", async () => {
  const pools = Array.from({ length: 3 }, () => connect(database.url, { poolSize: 1 }));
  const insertFirst = (trx: Transaction<Database>, userId: string) =>
    lockUserRow(trx, userId)
      .then(() => listPasskeys(trx, userId))
      .then((passkeys) =>
        passkeys.length === 0 ? existingPasskey(trx, { userId, at: new Date(), name: "first" }) : null,
      );
  for (let round = 0; round < 20; round++) {
    const { id } = await existingUser(database.db);
    const inserted = await Promise.all(
      pools.map((pool) => retryOnDeadlock(() => pool.transaction().execute((trx) => insertFirst(trx, id)))),
    );
    expect(
      inserted.filter((passkey) => passkey !== null),
      `round ${round}`,
    ).toHaveLength(1);
    expect(await listPasskeys(database.db, id)).toHaveLength(1);
  }
  for (const pool of pools) await pool.destroy();
});

test("the database treats emails that differ in case, accents or look-alikes as different", async () => {
  const { db } = database;
  const emails = [
    "admin@x.test",
    "ADMIN@x.test",
    "ádmin@x.test",
    "admin@x.test\u200b",
    "аdmin@x.test",
    "ﬁ@x.test",
    "fi@x.test",
  ];
  for (const email of emails) expect(await insertUser(db, newUser({ email }))).toEqual({ kind: "inserted" });
  for (const email of emails) expect((await findUserForLogin(db, email, device))?.email).toBe(email);
});

test("long emails, emoji and quotes are stored unchanged in a database whose default is latin1", async () => {
  const { db } = database;
  const email = `${"é".repeat(64)}@${"x".repeat(184)}.test`;
  expect([...email]).toHaveLength(254);
  for (const fullName of [
    "👩🏽‍🚀 Zoë",
    "Robert'); drop table users; --",
    "\\' or 1=1 --",
    "\u0000\u001a",
    "😀".repeat(200),
  ]) {
    const user = newUser({ email: `${crypto.randomUUID()}@example.test`, fullName });
    await insertUser(db, user);
    expect((await findUserById(db, user.id))?.fullName).toBe(fullName);
  }
  expect(await insertUser(db, newUser({ email }))).toEqual({ kind: "inserted" });
  expect((await findUserForLogin(db, email, device))?.email).toBe(email);
});

test("a value that is too long is an error and is not truncated", async () => {
  const { db } = database;
  await expect(insertUser(db, newUser({ email: "x".repeat(255) }))).rejects.toThrow("too long");
  const { id: sessionId, userId } = await existingSession(db);
  const update = { userId, sessionId, fullName: "x".repeat(201), now: new Date() };
  await expect(updateFullName(db, update)).rejects.toThrow();
});

test("a duplicate id is not reported as a taken email", async () => {
  const { db } = database;
  const { id } = await existingUser(db);
  await expect(insertUser(db, newUser({ id }))).rejects.toThrow("Duplicate entry");
  // An email may contain the text that names the index.
  await expect(insertUser(db, newUser({ id, email: "x' for key 'users_email'" }))).rejects.toThrow("Duplicate entry");
});

test("database errors do not contain the statement and its values", async () => {
  const passwordHash = "$argon2id$secret";
  const refused = await insertUser(database.db, newUser({ email: "x".repeat(255), passwordHash })).catch(
    (error) => error,
  );
  expect(JSON.stringify({ ...refused, message: refused.message, stack: refused.stack })).not.toContain(passwordHash);
});

test("an updated name is read by the next query", async () => {
  const { db } = database;
  const now = new Date("2030-01-02T03:04:05.678Z");
  const { id: sessionId, userId } = await existingSession(db, { createdAt: now });
  expect(await updateFullName(db, { userId, sessionId, fullName: "Grace", now })).toBe(true);
  expect(await updateFullName(db, { userId, sessionId, fullName: "Grace", now })).toBe(true);
  expect(await findUserById(db, userId)).toMatchObject({ fullName: "Grace", updatedAt: now });
  const unknownUser = { userId: crypto.randomUUID(), sessionId, fullName: "Nobody", now };
  expect(await updateFullName(db, unknownUser)).toBe(false);
});

test("a rehash does not overwrite a concurrent password change", async () => {
  const { db } = database;
  const { id, passwordHash: oldHash } = await existingUser(db);
  const now = new Date();
  expect(await replacePasswordHash(db, { userId: id, oldHash, newHash: "b", now })).toBe(true);
  expect(await replacePasswordHash(db, { userId: id, oldHash, newHash: "c", now })).toBe(false);
  expect(await findUserById(db, id)).toMatchObject({ passwordHash: "b", sessionEpoch: 0 });
});

test("the lookup of an unknown email reads as many index entries as that of an account without sessions", async () => {
  const user = await existingUser(database.db);
  await database.db.connection().execute(async (db) => {
    const lookups = async (email: string) => {
      await sql`flush status`.execute(db);
      await findUserForLogin(db, email, device);
      const { rows } = await sql<{ Value: string }>`show session status like 'Handler_read_key'`.execute(db);
      return Number(rows[0]?.Value);
    };
    const ofAccount = await lookups(user.email);
    expect(ofAccount).toBeGreaterThanOrEqual(6);
    expect(await lookups("unknown@example.test")).toBe(ofAccount);
  });
});

describe("findUserForLogin: a known device", () => {
  const isKnown = async (email: string, from: typeof device) =>
    (await findUserForLogin(database.db, email, from))?.knownSessionId !== null;

  test("is one that signed in before, even if that session has ended", async () => {
    const { db } = database;
    const user = await existingUser(db);
    expect(await isKnown(user.email, device)).toBe(false);
    const session = await existingSession(db, { userId: user.id, ...device });
    expect(await isKnown(user.email, device)).toBe(true);
    await revokeSession(db, { id: session.id, reason: "logout" });
    expect(await isKnown(user.email, device)).toBe(true);
  });

  test.each([
    ["another address", { ...device, ip: "192.0.2.8" }],
    ["the address as an IPv4-mapped one", { ...device, ip: "::ffff:192.0.2.7" }],
    ["no address", { ...device, ip: "unknown" }],
    ["another browser", { ...device, browser: "Chrome" }],
    ["another operating system", { ...device, os: "Windows" }],
  ])("has the same address, browser and operating system, unlike %s", async (_, from) => {
    const user = await existingUser(database.db);
    await existingSession(database.db, { userId: user.id, ...device });
    expect(await isKnown(user.email, from)).toBe(false);
  });

  test("is identified by its oldest live session, or by an ended one if none is live", async () => {
    const { db } = database;
    const user = await existingUser(db);
    const sessions = [];
    for (let count = 0; count < 3; count++) sessions.push(await existingSession(db, { userId: user.id, ...device }));
    await existingSession(db, { userId: user.id, ...device, browser: "Chrome" });
    const named = async () => (await findUserForLogin(db, user.email, device))?.knownSessionId;
    const [first, second, third] = sessions.map(({ id }) => id).sort() as [string, string, string];
    expect(await named()).toBe(first);
    await revokeSession(db, { id: first, reason: "logout" });
    expect(await named()).toBe(second);
    for (const id of [second, third]) await revokeSession(db, { id, reason: "logout" });
    expect([first, second, third]).toContain(await named());
  });

  test("is not one that another user signed in from", async () => {
    const user = await existingUser(database.db);
    await existingSession(database.db, { ...device });
    expect(await isKnown(user.email, device)).toBe(false);
  });

  test("stays known within its IPv6 /64, and not beyond it", async () => {
    const user = await existingUser(database.db);
    await existingSession(database.db, { userId: user.id, ...device, ip: "2001:db8::1" });
    expect(await isKnown(user.email, { ...device, ip: "2001:db8::ffff:0:0:9" })).toBe(true);
    expect(await isKnown(user.email, { ...device, ip: "2001:db8:0:1::1" })).toBe(false);
  });
});
