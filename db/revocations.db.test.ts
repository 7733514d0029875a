import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "./connect";
import { changePassword, findRevokedSince, revokeAllSessions, revokeOtherSessions, revokeSession } from "./revocations";
import { advanceSession, insertSession, listLiveSessions } from "./sessions";
import {
  atOnce,
  createTestDatabase,
  daysAfter,
  existingSession,
  existingUser,
  newNonce,
  newSession,
  readSession,
  type TestDatabase,
} from "./testing";
import { findUserById } from "./users";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const now = new Date();
const live = async (userId: string) => (await listLiveSessions(database.db, userId, now)).map(({ id }) => id);

test("a session ends once, for its first reason, by the database's clock", async () => {
  const { db } = database;
  const { id } = await existingSession(db);
  expect(await revokeSession(db, { id, reason: "first" })).toBe("ended");
  const { revokedAt } = await readSession(db, id);
  expect(Math.abs(revokedAt!.getTime() - Date.now())).toBeLessThan(60_000);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await revokeSession(db, { id, reason: "second" })).toBe("ended before");
  expect(await readSession(db, id)).toMatchObject({ revokedAt, revokedReason: "first" });
});

test("what is over already ends with the others, and is not counted: the list does not show it either", async () => {
  const { db } = database;
  const { id: userId } = await existingUser(db);
  const kept = await existingSession(db, { userId });
  await existingSession(db, { userId });
  const soonOver = await existingSession(db, { userId, idleExpiresAt: daysAfter(now, 1) });
  const then = daysAfter(now, 2);
  const listed = await listLiveSessions(db, userId, then);
  expect(listed).toHaveLength(2);
  expect(await revokeOtherSessions(db, userId, kept.id, "test", then)).toBe(1);
  expect((await readSession(db, soonOver.id)).revokedAt).not.toBeNull();
});

test("somebody else's session is as unknown as none", async () => {
  const { db } = database;
  const theirs = await existingSession(db);
  const { id: userId } = await existingUser(db);
  expect(await revokeSession(db, { id: theirs.id, userId, reason: "test" })).toBe("unknown");
  expect(await revokeSession(db, { id: crypto.randomUUID(), userId, reason: "test" })).toBe("unknown");
  expect((await readSession(db, theirs.id)).revokedAt).toBeNull();
  expect(await revokeSession(db, { id: theirs.id, userId: theirs.userId, reason: "test" })).toBe("ended");
});

test("all others end, this one and other people's stay", async () => {
  const { db } = database;
  const { id: userId } = await existingUser(db);
  const kept = await existingSession(db, { userId });
  await atOnce(3, () => existingSession(db, { userId }));
  const theirs = await existingSession(db);
  expect(await revokeOtherSessions(db, userId, kept.id, "test", now)).toBe(3);
  expect(await revokeOtherSessions(db, userId, kept.id, "test", now)).toBe(0);
  expect(await live(userId)).toEqual([kept.id]);
  expect(await live(theirs.userId)).toEqual([theirs.id]);
});

test("keeping somebody else's session, or one that has ended, keeps nothing", async () => {
  const { db } = database;
  const mine = await existingSession(db);
  const theirs = await existingSession(db);
  expect(await revokeOtherSessions(db, mine.userId, theirs.id, "test", now)).toBe(1);
  expect(await live(mine.userId)).toEqual([]);
});

test("a login that read the user before all sessions ended opens nothing, however they race", async () => {
  const { db, url } = database;
  const other = connect(url);
  for (let round = 0; round < 60; round++) {
    const user = await existingUser(db);
    const [results] = await Promise.all([
      atOnce(4, () => insertSession(db, newSession(user.id), user)),
      revokeAllSessions(other, user.id, "logout everywhere", now),
    ]);
    expect(await live(user.id), `round ${round}: ${results}`).toEqual([]);
  }
  await other.destroy();
});

test("a refresh never brings a session back, however it races the revocation", async () => {
  const { db, url } = database;
  const other = connect(url);
  const revokers = [
    (id: string) => revokeSession(other, { id, reason: "test" }),
    (_: string, userId: string) => revokeAllSessions(other, userId, "test", now),
    (_: string, userId: string) => revokeOtherSessions(other, userId, crypto.randomUUID(), "test", now),
  ];
  const sighting = {
    now,
    idleExpiresAt: daysAfter(now, 7),
    ip: "::1",
    userAgent: "",
    browser: "",
    os: "",
    deviceType: "",
  };
  for (let round = 0; round < 60; round++) {
    const { id, userId, currentNonce, handedAt } = await existingSession(db);
    await Promise.all([
      revokers[round % revokers.length]!(id, userId),
      advanceSession(db, { id, fromNonce: currentNonce, handedAt, toNonce: newNonce(), ...sighting }),
    ]);
    const row = await readSession(db, id);
    expect(row.revokedAt).not.toBeNull();
    const step = { id, fromNonce: row.currentNonce, handedAt: row.handedAt, toNonce: newNonce(), ...sighting };
    expect(await advanceSession(db, step)).toBe(false);
  }
  await other.destroy();
});

test("a new password ends every other session and the logins under way", async () => {
  const { db } = database;
  const user = await existingUser(db);
  const kept = await existingSession(db, { userId: user.id });
  await existingSession(db, { userId: user.id });
  const change = { userId: user.id, oldHash: user.passwordHash, newHash: "new", keepSessionId: kept.id, now };
  expect(await changePassword(db, change)).toBe(true);
  expect(await live(user.id)).toEqual([kept.id]);
  expect(await findUserById(db, user.id)).toMatchObject({ passwordHash: "new", sessionEpoch: 1 });
  expect(await insertSession(db, newSession(user.id), user)).toBe(false);
});

test("of two changes of one password one is made; the other ends nothing", async () => {
  const { db, url } = database;
  const other = connect(url);
  const user = await existingUser(db);
  const [a, b] = await atOnce(2, () => existingSession(db, { userId: user.id }));
  const change = { userId: user.id, oldHash: user.passwordHash, now };
  const results = await Promise.all([
    changePassword(db, { ...change, newHash: "a", keepSessionId: a!.id }),
    changePassword(other, { ...change, newHash: "b", keepSessionId: b!.id }),
  ]);
  await other.destroy();
  expect(results.filter(Boolean)).toHaveLength(1);
  const winner = results[0] ? { hash: "a", session: a! } : { hash: "b", session: b! };
  expect((await findUserById(db, user.id))?.passwordHash).toBe(winner.hash);
  expect(await live(user.id)).toEqual([winner.session.id]);
});

test("the feed tells what was revoked lately, and nothing else", async () => {
  const { db } = database;
  const alive = await existingSession(db);
  const [old, fresh] = await atOnce(2, () => existingSession(db));
  await db
    .updateTable("sessions")
    .set({ revokedAt: daysAfter(now, -1) })
    .where("id", "=", old!.id)
    .execute();
  await revokeSession(db, { id: fresh!.id, reason: "test" });
  const told = await findRevokedSince(db, 600);
  expect(told.map(({ id }) => id)).toContain(fresh!.id);
  expect(told.map(({ id }) => id)).not.toContain(old!.id);
  expect(told.map(({ id }) => id)).not.toContain(alive.id);
  expect(told.every(({ revokedAt }) => revokedAt instanceof Date)).toBe(true);
});
