import { randomUUID } from "node:crypto";
import { setImmediate, setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { connect } from "@/db/connect";
import { purgeChallenges, purgeConfirmations, purgeEnded } from "./purge";
import { countHit, purgeExpiredLimits } from "./rate-limits";
import { revokeAllSessions, revokeSession } from "./revocations";
import { rotateSession, findSessionWithUser, insertSession, isSessionLive } from "./sessions";
import {
  atOnce,
  concurrencyOn,
  daysAfter,
  existingSession,
  existingUser,
  newNonce,
  newSession,
  useTestDatabase,
} from "@/db/testing";

const database = useTestDatabase();

const now = new Date();
const exists = async (id: string) => (await findSessionWithUser(database.db, id)) !== undefined;

test("purge: deletes the sessions that ended long enough ago, and no others", async () => {
  const { db } = database;
  const long = daysAfter(now, -20);
  const idle = await existingSession(db, { createdAt: daysAfter(now, -20) });
  const idleLately = await existingSession(db, { createdAt: daysAfter(now, -10) });
  const revoked = await existingSession(db);
  await db.updateTable("sessions").set({ revokedAt: long }).where("id", "=", revoked.id).execute();
  const revokedLately = await existingSession(db);
  await revokeSession(db, { id: revokedLately.id, reason: "test" });
  const alive = await existingSession(db);
  expect(await purgeEnded(db, now, { olderThanSeconds: 7 * 86_400 })).toBe(2);
  expect(await purgeEnded(db, now, { olderThanSeconds: 7 * 86_400 })).toBe(0);
  expect(await Promise.all([idle, revoked, idleLately, revokedLately, alive].map(({ id }) => exists(id)))).toEqual([
    false,
    false,
    true,
    true,
    true,
  ]);
});

test("purge: deletes at most one batch", async () => {
  const { db } = database;
  const { id: userId } = await existingUser(db);
  await atOnce(7, () => existingSession(db, { userId, createdAt: daysAfter(now, -40) }));
  const options = { olderThanSeconds: 20 * 86_400, batch: 5 };
  expect(await purgeEnded(db, now, options)).toBe(5);
  expect(await purgeEnded(db, now, options)).toBe(2);
});

test("purge: skips a locked row without waiting", async () => {
  const { db, url } = database;
  await purgeEnded(db, now, { olderThanSeconds: 86_400 });
  const ended = await existingSession(db, { createdAt: daysAfter(now, -40) });
  const other = connect(url);
  await other.transaction().execute(async (trx) => {
    await trx.updateTable("sessions").set({ browser: "held" }).where("id", "=", ended.id).execute();
    const before = performance.now();
    expect(await purgeEnded(db, now, { olderThanSeconds: 86_400 })).toBe(0);
    expect(performance.now() - before).toBeLessThan(1000);
  });
  await other.destroy();
  expect(await purgeEnded(db, now, { olderThanSeconds: 86_400 })).toBe(1);
});

test("purge: concurrent purges, logins, refreshes, revocations and rate limits meet neither a deadlock nor a timeout", async () => {
  const instances = Array.from({ length: 3 }, () => connect(database.url));
  const users = await atOnce(4, () => existingUser(database.db));
  const sessions = users.map(() => [] as { id: string; nonce: string; handedAt: Date }[]);
  const buckets = users.map(({ id }) => id.replaceAll("-", "").repeat(2));
  const started = performance.now();
  const done = { logins: 0, refreshes: 0, revocations: 0, purged: 0 };
  // On a busy machine one kind of work may take long to have any effect.
  const isOver = () => {
    const seconds = (performance.now() - started) / 1000;
    return seconds > 60 || (seconds > 1.5 && Object.values(done).every((count) => count > 0));
  };
  const random = <T>(items: T[]): T => items[Math.floor(Math.random() * items.length)]!;
  const sighting = { idleExpiresAt: daysAfter(now, 7), ip: "::1", userAgent: "", browser: "", os: "", deviceType: "" };

  const roles = [
    async (db: (typeof instances)[0]) => {
      const which = Math.floor(Math.random() * users.length);
      const { sessionEpoch } = await db
        .selectFrom("users")
        .select("sessionEpoch")
        .where("id", "=", users[which]!.id)
        .executeTakeFirstOrThrow();
      const session = newSession(users[which]!.id);
      if (!(await insertSession(db, session, { sessionEpoch }))) return;
      sessions[which]!.push({ id: session.id, nonce: session.currentNonce, handedAt: session.handedAt });
      done.logins++;
    },
    async (db: (typeof instances)[0]) => {
      const session = random(random(sessions).slice(-3));
      if (!session) return;
      const { id, nonce: fromNonce, handedAt } = session;
      const step = { id, fromNonce, handedAt, toNonce: newNonce(), ...sighting, now: new Date() };
      if (await rotateSession(db, step)) {
        session.nonce = step.toNonce;
        session.handedAt = step.now;
        done.refreshes++;
      }
    },
    async (db: (typeof instances)[0]) => {
      await setTimeout(30);
      const ended = await revokeAllSessions(db, { userId: random(users).id }, "test", new Date());
      done.revocations += ended!.revoked;
    },
    async (db: (typeof instances)[0]) => {
      // At a future time, so that revoked sessions can be purged at once.
      const purged = await purgeEnded(db, new Date(), { olderThanSeconds: -60, batch: 20 });
      done.purged += purged;
      await purgeExpiredLimits(db, daysAfter(new Date(), 1));
    },
    async (db: (typeof instances)[0]) => {
      await countHit(db, random(buckets), { hitsAtMost: 10, windowSeconds: 60, now: new Date() });
    },
  ];
  const copies = await concurrencyOn(database.db, 3);
  await atOnce(instances.length * roles.length * copies, async (index) => {
    const role = roles[index % roles.length]!;
    while (!isOver()) {
      await role(instances[index % instances.length]!);
      await setImmediate();
    }
  });

  await Promise.all(users.map(({ id }) => revokeAllSessions(database.db, { userId: id }, "test", now)));
  for (const { id } of sessions.flat()) expect(await isSessionLive(database.db, id, now)).toBe(false);
  await Promise.all(instances.map((instance) => instance.destroy()));
  for (const [what, count] of Object.entries(done)) expect(count, what).toBeGreaterThan(0);
});

test("purge: deletes links with their mails once they expired long enough ago, and no others", async () => {
  const { db } = database;
  const { id: userId, email } = await existingUser(db);
  const linkOf = (days: number) => ({
    ...{ id: randomUUID(), userId, purpose: "not-me", email, salt: newNonce(), askedBySessionId: null },
    ...{ createdAt: daysAfter(now, -60), expiresAt: daysAfter(now, days) },
  });
  const [old, recent, open] = [linkOf(-31), linkOf(-29), linkOf(1)];
  await db.insertInto("confirmations").values([old, recent, open]).execute();
  const mail = { id: randomUUID(), userId, kind: "test", recipient: email, details: "{}", createdAt: now };
  await db
    .insertInto("outgoingMails")
    .values({ ...mail, confirmationId: old.id, nextAttemptAt: null })
    .execute();

  expect(await purgeConfirmations(db, now, { olderThanSeconds: 30 * 86_400 })).toBe(1);
  const left = await db.selectFrom("confirmations").select("id").where("userId", "=", userId).execute();
  expect(left.map(({ id }) => id).sort()).toEqual([recent.id, open.id].sort());
  expect(await db.selectFrom("outgoingMails").select("id").where("id", "=", mail.id).execute()).toEqual([]);
});

test("purge: deletes challenges once they expired long enough ago, used or not, and no others", async () => {
  const { db } = database;
  const { id: userId } = await existingUser(db);
  const challengeOf = (days: number, usedAt: Date | null = null, ceremony = "login") => ({
    ...{ id: randomUUID(), ceremony, userId: ceremony === "login" ? userId : null, challenge: null, usedAt },
    ...{ createdAt: daysAfter(now, days - 1), expiresAt: daysAfter(now, days) },
  });
  const old = [challengeOf(-2), challengeOf(-3, daysAfter(now, -3)), challengeOf(-2, null, "passkey-login")];
  const kept = [challengeOf(-0.5), challengeOf(-0.5, now), challengeOf(1), challengeOf(1, null, "passkey-login")];
  await db
    .insertInto("challenges")
    .values([...old, ...kept])
    .execute();
  const purge = () => purgeChallenges(db, now, { olderThanSeconds: 86_400, batch: 2 });
  expect([await purge(), await purge(), await purge()]).toEqual([2, 1, 0]);
  const left = await db.selectFrom("challenges").select("id").execute();
  expect(left.map(({ id }) => id).sort()).toEqual(kept.map(({ id }) => id).sort());
});
