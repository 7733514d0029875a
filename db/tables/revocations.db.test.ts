import { expect, test } from "vitest";
import { connect } from "@/db/connect";
import {
  changePassword,
  findRevokedSince,
  revokeAllSessions,
  revokeOtherSessions,
  revokeOwnSession,
  revokeSession,
} from "./revocations";
import { rotateSession, insertSession, listLiveSessions } from "./sessions";
import {
  atOnce,
  daysAfter,
  existingSession,
  existingUser,
  newNonce,
  newSession,
  readSession,
  useTestDatabase,
} from "@/db/testing";
import { findUserById, findUserOfLiveSession, updateFullName } from "./users";

const database = useTestDatabase();

const superseded = ["reset-password", "change-email"];
const now = new Date();
const live = async (userId: string) => {
  const sessions = database.db.selectFrom("sessions").select("id").where("userId", "=", userId);
  const found = await sessions.where("revokedAt", "is", null).where("idleExpiresAt", ">", now).orderBy("id").execute();
  return found.map(({ id }) => id);
};

test("a session is revoked once, with its first reason, by the database's clock", async () => {
  const { db } = database;
  const { id } = await existingSession(db);
  expect(await revokeSession(db, { id, reason: "first" })).toBe("ended");
  const { revokedAt } = await readSession(db, id);
  expect(Math.abs(revokedAt!.getTime() - Date.now())).toBeLessThan(60_000);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await revokeSession(db, { id, reason: "second" })).toBe("ended before");
  expect(await readSession(db, id)).toMatchObject({ revokedAt, revokedReason: "first" });
});

test("a session that was judged is revoked only while its row is the one that was judged", async () => {
  const { db } = database;
  const { id, currentNonce, handedAt } = await existingSession(db, { createdAt: now });
  const judged = { currentNonce, handedAt: new Date(handedAt) };
  for (const changes of [
    { currentNonce: newNonce() },
    { currentNonce: currentNonce.toLowerCase() },
    { handedAt: daysAfter(now, 1) },
  ]) {
    expect(await revokeSession(db, { id, reason: "test", judged: { ...judged, ...changes } })).toBe("unknown");
  }
  expect((await readSession(db, id)).revokedAt).toBeNull();
  expect(await revokeSession(db, { id, reason: "first", judged })).toBe("ended");
  expect(await revokeSession(db, { id, reason: "second", judged })).toBe("ended before");
  expect((await readSession(db, id)).revokedReason).toBe("first");
});

test("expired sessions are revoked with the others and not counted, as the list does not show them", async () => {
  const { db } = database;
  const { id: userId } = await existingUser(db);
  const kept = await existingSession(db, { userId });
  await existingSession(db, { userId });
  const soonOver = await existingSession(db, { userId, idleExpiresAt: daysAfter(now, 1) });
  const then = daysAfter(now, 2);
  const caller = { userId, sessionId: kept.id };
  expect(await listLiveSessions(db, caller, { now: then, atMost: 100 })).toHaveLength(2);
  expect(await revokeOtherSessions(db, caller, "test", then)).toEqual({ revoked: 1, sessionEpoch: 1 });
  expect((await readSession(db, soonOver.id)).revokedAt).not.toBeNull();
});

test("revoking another user's session has the same result as revoking an unknown one", async () => {
  const { db } = database;
  const theirs = await existingSession(db);
  const { id: userId } = await existingUser(db);
  expect(await revokeSession(db, { id: theirs.id, userId, reason: "test" })).toBe("unknown");
  expect(await revokeSession(db, { id: crypto.randomUUID(), userId, reason: "test" })).toBe("unknown");
  expect((await readSession(db, theirs.id)).revokedAt).toBeNull();
  expect(await revokeSession(db, { id: theirs.id, userId: theirs.userId, reason: "test" })).toBe("ended");
});

test("revokeOtherSessions revokes the user's other sessions, and neither the caller's nor other users'", async () => {
  const { db } = database;
  const { id: userId } = await existingUser(db);
  const kept = await existingSession(db, { userId });
  await atOnce(3, () => existingSession(db, { userId }));
  const theirs = await existingSession(db);
  const caller = { userId, sessionId: kept.id };
  expect(await revokeOtherSessions(db, caller, "test", now)).toEqual({ revoked: 3, sessionEpoch: 1 });
  expect(await revokeOtherSessions(db, caller, "test", now)).toEqual({ revoked: 0, sessionEpoch: 2 });
  expect(await live(userId)).toEqual([kept.id]);
  expect(await live(theirs.userId)).toEqual([theirs.id]);
});

test("a caller whose session is revoked, expired or another user's revokes and changes nothing", async () => {
  const { db } = database;
  const mine = await existingSession(db);
  const { userId } = mine;
  const { passwordHash: oldHash } = (await findUserById(db, userId))!;
  const [revoked, over, theirs] = [
    await existingSession(db, { userId }),
    await existingSession(db, { userId, idleExpiresAt: now }),
    await existingSession(db),
  ];
  await revokeSession(db, { id: revoked.id, reason: "test" });
  for (const sessionId of [revoked.id, over.id, theirs.id, crypto.randomUUID()]) {
    const caller = { userId, sessionId };
    expect(await revokeOtherSessions(db, caller, "test", now)).toBeNull();
    expect(await revokeAllSessions(db, caller, "test", now)).toBeNull();
    expect(await revokeOwnSession(db, caller, { id: mine.id, reason: "test", now })).toBe("caller ended");
    const change = { ...caller, oldHash, newHash: "new", session: newSession(userId), superseded, now };
    expect(await changePassword(db, change)).toBe("caller ended");
    expect(await updateFullName(db, { ...caller, fullName: "Mallory", now })).toBe(false);
    expect(await findUserOfLiveSession(db, caller, now)).toBeUndefined();
  }
  expect(await live(userId)).toEqual([mine.id]);
  const untouched = { sessionEpoch: 0, passwordHash: oldHash, fullName: "Ada Lovelace" };
  expect(await findUserById(db, userId)).toMatchObject(untouched);

  const caller = { userId, sessionId: mine.id };
  await db.updateTable("users").set({ disabledAt: now }).where("id", "=", userId).execute();
  expect(await revokeAllSessions(db, caller, "test", now)).toBeNull();
  expect(await revokeOwnSession(db, caller, { id: mine.id, reason: "test", now })).toBe("caller ended");
  expect(await updateFullName(db, { ...caller, fullName: "Mallory", now })).toBe(false);
  expect(await findUserOfLiveSession(db, caller, now)).toBeUndefined();
});

test("a caller can revoke each of their own sessions, including the current one, and none of another user", async () => {
  const { db } = database;
  const { id: userId } = await existingUser(db);
  const [mine, other] = await atOnce(2, () => existingSession(db, { userId }));
  const theirs = await existingSession(db);
  const caller = { userId, sessionId: mine!.id };
  const end = (id: string) => revokeOwnSession(db, caller, { id, reason: "test", now });
  expect(await end(other!.id)).toBe("ended");
  expect(await end(other!.id)).toBe("ended before");
  expect(await end(theirs.id)).toBe("unknown");
  expect(await end(crypto.randomUUID())).toBe("unknown");
  expect(await end(mine!.id)).toBe("ended");
  expect(await end(mine!.id)).toBe("caller ended");
  expect(await live(theirs.userId)).toEqual([theirs.id]);
});

test("a login that read the user before all sessions were revoked inserts no session, in any order of the race", async () => {
  const { db, url } = database;
  const other = connect(url);
  for (let round = 0; round < 60; round++) {
    const user = await existingUser(db);
    const [results] = await Promise.all([
      atOnce(4, () => insertSession(db, newSession(user.id), user)),
      revokeAllSessions(other, { userId: user.id }, "logout everywhere", now),
    ]);
    expect(await live(user.id), `round ${round}: ${results}`).toEqual([]);
  }
  await other.destroy();
});

test("a session is revoked through one connection as soon as it was opened through another", async () => {
  const { db, url } = database;
  const pools = [connect(url, { poolSize: 1 }), connect(url, { poolSize: 1 })];
  const { id: userId } = await existingUser(db);
  for (let round = 0; round < 60; round++) {
    const { id } = await existingSession(pools[round % 2]!, { userId });
    expect(await revokeSession(pools[1 - (round % 2)]!, { id, reason: "test" }), `round ${round}`).toBe("ended");
  }
  for (const pool of pools) await pool.destroy();
});

test("a refresh never reactivates a session, in any order of a race with its revocation", async () => {
  const { db, url } = database;
  const other = connect(url);
  const revokers = [
    (id: string) => revokeSession(other, { id, reason: "test" }),
    (_: string, userId: string) => revokeAllSessions(other, { userId }, "test", now),
    async (_: string, userId: string) => {
      const { id: sessionId } = await existingSession(other, { userId });
      await revokeOtherSessions(other, { userId, sessionId }, "test", now);
    },
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
      rotateSession(db, { id, fromNonce: currentNonce, handedAt, toNonce: newNonce(), ...sighting }),
    ]);
    const row = await readSession(db, id);
    expect(row.revokedAt).not.toBeNull();
    const step = { id, fromNonce: row.currentNonce, handedAt: row.handedAt, toNonce: newNonce(), ...sighting };
    expect(await rotateSession(db, step)).toBe(false);
  }
  await other.destroy();
});

test("a password change revokes every session, invalidates logins in progress, and inserts one session for the caller", async () => {
  const { db } = database;
  const user = await existingUser(db);
  const { id: userId, passwordHash: oldHash } = user;
  const [own] = await atOnce(2, () => existingSession(db, { userId }));
  const session = newSession(userId);
  const change = { userId, sessionId: own!.id, oldHash, newHash: "new", session, superseded, now };
  expect(await changePassword(db, { ...change, oldHash: "another" })).toBe("wrong password");
  expect(await changePassword(db, change)).toBe("changed");
  expect(await live(userId)).toEqual([session.id]);
  expect(await findUserById(db, userId)).toMatchObject({ passwordHash: "new", sessionEpoch: 1 });
  expect(await insertSession(db, newSession(userId), user)).toBeNull();
});

test("of two concurrent password changes one succeeds; the other revokes and inserts nothing", async () => {
  const { db, url } = database;
  const other = connect(url);
  const user = await existingUser(db);
  const { id: userId, passwordHash: oldHash } = user;
  const [a, b] = await atOnce(2, () => existingSession(db, { userId }));
  const [first, second] = [newSession(userId), newSession(userId)];
  const results = await Promise.all([
    changePassword(db, { userId, sessionId: a!.id, oldHash, newHash: "a", session: first, superseded, now }),
    changePassword(other, { userId, sessionId: b!.id, oldHash, newHash: "b", session: second, superseded, now }),
  ]);
  await other.destroy();
  expect(results.toSorted()).toEqual(["caller ended", "changed"]);
  const [hash, session] = results[0] === "changed" ? ["a", first] : ["b", second];
  expect((await findUserById(db, userId))?.passwordHash).toBe(hash);
  expect(await live(userId)).toEqual([session.id]);
});

test("the revocation feed contains recent revocations only", async () => {
  const { db } = database;
  const live = await existingSession(db);
  const [old, fresh] = await atOnce(2, () => existingSession(db));
  await db
    .updateTable("sessions")
    .set({ revokedAt: daysAfter(now, -1) })
    .where("id", "=", old!.id)
    .execute();
  await revokeSession(db, { id: fresh!.id, reason: "test" });
  const revocations = await findRevokedSince(db, 600);
  expect(revocations.map(({ id }) => id)).toContain(fresh!.id);
  expect(revocations.map(({ id }) => id)).not.toContain(old!.id);
  expect(revocations.map(({ id }) => id)).not.toContain(live.id);
  expect(revocations.every(({ id }) => typeof id === "string")).toBe(true);
  expect(Math.abs(revocations.databaseNow.getTime() - Date.now())).toBeLessThan(3_600_000);
  expect(revocations.server).toMatch(/^\S+ \d+ \S+ \d+/);
});
