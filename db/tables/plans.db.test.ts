import { randomUUID } from "node:crypto";
import { CamelCasePlugin, Kysely, MysqlDialect, sql, type MysqlPool } from "kysely";
import { createPool, type Pool } from "mysql2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDatabaseUrl } from "@/db/database-url.mjs";
import {
  findConfirmation,
  findConfirmationByCode,
  findOpenConfirmation,
  isAddressTaken,
  prepareMail,
  recordAsker,
  supersede,
  supersedeLater,
  useConfirmation,
} from "./confirmations";
import { findDueDeletions, purgeAccount, requestDeletion, undoDeletion } from "./deletions";
import { readPersonalData } from "./personal-data";
import { queueEmailChange } from "./email-changes";
import { purgeHeartbeats, replaceHeartbeat, writeHeartbeat } from "./heartbeats";
import { endSessionsAgain, findOpenSessions, revokeAgain, revokeOpenedBefore } from "./lost-revocations";
import {
  claimMail,
  deleteMail,
  findDueMails,
  insertMail,
  insertNotice,
  markMailFailed,
  markMailSent,
} from "./outgoing-mails";
import { findAccountRegistration, findUserOfChallenge } from "./challenges";
import { useRecoveryCode, useTotpStep } from "./factor-changes";
import { findListedFactors } from "./factors";
import { countRecoveryCodes } from "./recovery-codes";
import { findTotpSecret } from "./totp-secrets";
import { purgeConfirmations, purgeEnded, purgeMails } from "./purge";
import { clearHits, countHit, purgeExpiredLimits, decrementHits } from "./rate-limits";
import {
  changePassword,
  revokeOldestSessions,
  findRevokedSince,
  revokeAllSessions,
  revokeOwnSession,
  revokeAllWithin,
  revokeSession,
  revokeSessionWithNotice,
} from "./revocations";
import type { Database, NewSession } from "@/db/schema";
import {
  rotateSession,
  findSessionOwner,
  findSessionWithUser,
  insertSession,
  isSessionLive,
  listLiveSessions,
  recordAuthentication,
  moveSessionForward,
  replaceLostToken,
  extendReissueWindow,
  wasNeverSignedIn,
} from "./sessions";
import {
  atOnce,
  daysAfter,
  existingSession,
  newNonce,
  newPasskey,
  newSession,
  newUser,
  useTestDatabase,
} from "@/db/testing";
import {
  findUserById,
  findUserForLogin,
  findUserForStepUp,
  findUserOfLiveSession,
  forgetDevices,
  insertUserWithSession,
  markEmailVerified,
  replaceEmail,
  replaceForgottenPassword,
  replacePasswordHash,
  updateFullName,
} from "./users";

const now = new Date();
const users = Array.from({ length: 1000 }, () => newUser());
const sessions = users.flatMap(({ id }, index) =>
  Array.from({ length: 4 }, () => newSession(id, { createdAt: daysAfter(now, -(index % 12)) })),
);

const mails = users.map(({ id: userId, email: recipient }, index) => ({
  ...{ id: randomUUID(), userId, recipient, kind: "test", details: "{}" },
  createdAt: daysAfter(now, -index / 10),
}));

const database = useTestDatabase();
let pool: Pool;
let spied: Kysely<Database>;
const statements: { text: string; values: unknown[] }[] = [];
const errors: unknown[] = [];

beforeAll(async () => {
  const { db } = database;
  await db
    .insertInto("users")
    .values(users.map(({ sessionEpoch: _, ...user }) => user))
    .execute();
  for (let start = 0; start < sessions.length; start += 1000) {
    await db
      .insertInto("sessions")
      .values(sessions.slice(start, start + 1000))
      .execute();
  }
  const ended = sessions.filter((_, index) => index % 50 === 0).map(({ id }) => id);
  await db
    .updateTable("sessions")
    .set({ revokedAt: daysAfter(now, -3) })
    .where("id", "in", ended)
    .execute();
  await db
    .insertInto("rateLimits")
    .values(
      Array.from({ length: 2000 }, (_, hits) => ({ bucket: newBucket(), hits, expiresAt: daysAfter(now, hits - 5) })),
    )
    .execute();
  await db
    .insertInto("outgoingMails")
    .values(
      mails.map((mail, index) => ({
        ...mail,
        nextAttemptAt: index < 20 ? mail.createdAt : null,
        sentAt: mail.createdAt,
      })),
    )
    .execute();
  for (let start = 0; start < confirmations.length; start += 1000) {
    await db
      .insertInto("confirmations")
      .values(confirmations.slice(start, start + 1000))
      .execute();
  }
  await db
    .insertInto("heartbeats")
    .values(Array.from({ length: 300 }, (_, index) => ({ name: `instance ${index}`, writtenAt: new Date() })))
    .execute();
  const createdAt = now;
  const codesOf = (userId: string) => [1, 2].map((number) => ({ userId, number, codeHash: "a", createdAt }));
  await db
    .insertInto("recoveryCodes")
    .values(users.flatMap(({ id: userId }) => codesOf(userId)))
    .execute();
  await db
    .insertInto("totpSecrets")
    .values(users.map(({ id: userId }) => ({ userId, secret: "a", pendingSecret: "b", createdAt })))
    .execute();
  await db
    .insertInto("challenges")
    .values(
      users.map(({ id: userId }) => {
        return { id: randomUUID(), ceremony: "login", userId, createdAt, expiresAt: daysAfter(now, 1) };
      }),
    )
    .execute();
  await db
    .insertInto("passkeys")
    .values(users.map(({ id: userId }) => newPasskey({ userId, at: createdAt, name: "own" })))
    .execute();
  await sql`analyze table users, sessions, rate_limits, heartbeats, confirmations, outgoing_mails, recovery_codes,
    totp_secrets, challenges, passkeys`.execute(db);

  pool = createPool({ ...parseDatabaseUrl(database.url)[0], timezone: "Z", connectionLimit: 1 });
  spied = new Kysely({ dialect: new MysqlDialect({ pool: spyOn(pool) }), plugins: [new CamelCasePlugin()] });
});
afterAll(() => spied.destroy());

const [user] = users as [(typeof users)[0]];
const [session, other, spare] = sessions.slice(1) as [(typeof sessions)[0], (typeof sessions)[0], (typeof sessions)[0]];
const { id, currentNonce } = session;
const leaving = { userId: users[6]!.id, email: users[6]!.email, sessionId: sessions[24]!.id };
const caller = { userId: user.id, sessionId: id };
const sighting = {
  now,
  idleExpiresAt: daysAfter(now, 7),
  ip: "::1",
  userAgent: "",
  browser: "",
  os: "",
  deviceType: "",
};
const device = { ip: "192.0.2.7", browser: "Firefox", os: "Linux" };
const previousNonce = newNonce();
const totpUse = { secret: "a", reencrypted: "a", lastStep: 1 };
const PURPOSES = ["verify-email", "reset-password", "change-email"];
const confirmations = users.flatMap(({ id, email }, index) =>
  ["not-me", ...PURPOSES].map((purpose) => ({
    id: randomUUID(),
    userId: id,
    purpose,
    email,
    salt: newNonce(),
    askedBySessionId: null,
    createdAt: daysAfter(now, -(index % 12)),
    expiresAt: daysAfter(now, index % 50 === 49 ? -3 : 1),
    codeTries: 0,
    usedAt: null,
    supersededAt: null,
  })),
);
const confirmation = confirmations[0]!;
const newMail = (userId: string | null) => ({ ...mails[0]!, id: randomUUID(), userId, createdAt: now });
const lastIds = sessions
  .map((one) => one.id)
  .sort()
  .slice(-100);

const queries: Record<string, (db: Kysely<Database>) => Promise<unknown>> = {
  findUserForLogin: (db) => findUserForLogin(db, user.email, device),
  "findUserForLogin with a former email": (db) => findUserForLogin(db, user.email, device, users[1]!.email),
  findUserById: (db) => findUserById(db, user.id),
  findUserOfLiveSession: (db) => findUserOfLiveSession(db, caller, now),
  insertUserWithSession: (db) => {
    const { sessionEpoch: _, ...fresh } = newUser();
    return insertUserWithSession(db, fresh, newSession(fresh.id), other.id, newMail(fresh.id));
  },
  insertNotice: (db) => insertNotice(db, newMail(user.id), daysAfter(now, -1)),
  findConfirmation: (db) => findConfirmation(db, confirmation.id),
  findConfirmationByCode: (db) =>
    findConfirmationByCode(db, { emails: [user.email, users[1]!.email], triesAtMost: 5, now }, () => false),
  useConfirmation: (db) =>
    useConfirmation(db, { id: confirmation.id, userId: user.id, now }, async (trx) => {
      await supersede(trx, { userId: user.id, email: user.email, purposes: [...PURPOSES], now });
      await supersedeLater(trx, confirmation, [...PURPOSES], now);
      await findOpenConfirmation(trx, confirmation, now);
      await recordAsker(trx, confirmation.id, id);
      await isAddressTaken(trx, { email: user.email, exceptUserId: user.id }, now);
      await revokeAllWithin(trx, users[3]!.id, "test", now);
      await replaceForgottenPassword(trx, { userId: user.id, newHash: user.passwordHash, now });
      await markEmailVerified(trx, user.id, now);
      await forgetDevices(trx, user.id, now);
      await replaceEmail(trx, { userId: user.id, email: user.email, now });
    }),
  "prepareMail of an account": (db) => prepareMail(db, { id: mails[4]!.id, userId: user.id }, [], async () => null),
  "prepareMail of an address": (db) =>
    prepareMail(db, { id: mails[4]!.id, userId: null }, ["unknown@example.test", user.email], async () => confirmation),
  queueEmailChange: (db) => queueEmailChange(db, caller, { email: "new@example.test", mails: [newMail(user.id)], now }),
  revokeSessionWithNotice: (db) =>
    revokeSessionWithNotice(
      db,
      { id: sessions[20]!.id, userId: session.userId, reason: "test" },
      newMail(user.id),
      now,
    ),
  purgeConfirmations: (db) => purgeConfirmations(db, now, { olderThanSeconds: 86_400, batch: 20 }),
  updateFullName: (db) => updateFullName(db, { ...caller, fullName: "x", now }),
  replacePasswordHash: (db) =>
    replacePasswordHash(db, { userId: user.id, oldHash: user.passwordHash, newHash: user.passwordHash, now }),
  insertSession: (db) =>
    insertSession(db, newSession(user.id), { sessionEpoch: 0, replacedId: other.id, liveAtMost: 100 }),
  findSessionWithUser: (db) => findSessionWithUser(db, id),
  isSessionLive: (db) => isSessionLive(db, id, now),
  rotateSession: (db) =>
    rotateSession(db, { id, fromNonce: currentNonce, toNonce: newNonce(), handedAt: now, ...sighting }),
  replaceLostToken: (db) =>
    replaceLostToken(db, {
      id: other.id,
      currentNonce,
      previousNonce,
      toNonce: newNonce(),
      handedAt: now,
      ...sighting,
    }),
  extendReissueWindow: (db) => extendReissueWindow(db, { id: other.id, currentNonce, previousNonce, now }),
  moveSessionForward: (db) => {
    const { now: at, ...columns } = sighting;
    const instants = { rotatedAt: at, handedAt: at, lastSeenAt: at };
    const proven = { ...columns, ...instants, generation: 9, currentNonce: newNonce(), previousNonce };
    return moveSessionForward(db, { id: other.id, judged: { currentNonce, handedAt: at }, proven, now: at });
  },
  recordAuthentication: (db) => recordAuthentication(db, caller, "pwd otp mfa", now),
  findTotpSecret: (db) => findTotpSecret(db, user.id),
  findUserForStepUp: (db) => findUserForStepUp(db, caller, 1, now),
  findUserOfChallenge: (db) => findUserOfChallenge(db, randomUUID(), device, now, 1),
  findAccountRegistration: (db) => findAccountRegistration(db, "A".repeat(22), now),
  countRecoveryCodes: (db) => countRecoveryCodes(db, user.id),
  "useTotpStep in a login": (db) =>
    useTotpStep(db, user.id, totpUse, { kind: "login", challengeId: randomUUID() }, now),
  "useTotpStep in a step-up": (db) =>
    useTotpStep(db, user.id, totpUse, { kind: "step-up", sessionId: id, methods: "otp" }, now),
  useRecoveryCode: (db) =>
    useRecoveryCode(db, user.id, { number: 1, codeHash: "a" }, { kind: "step-up", sessionId: id, methods: "otp" }, now),
  findListedFactors: (db) => findListedFactors(db, caller, now),
  listLiveSessions: (db) => listLiveSessions(db, caller, { now, atMost: 100 }),
  wasNeverSignedIn: (db) => wasNeverSignedIn(db, user.email),
  revokeOldestSessions: (db) => revokeOldestSessions(db, users[2]!.id, { liveAtMost: 1, now }),
  findRevokedSince: (db) => findRevokedSince(db, 600),
  findRevokedSinceTheLastRead: (db) => findRevokedSince(db, 16, daysAfter(now, -1)),
  findSessionOwner: (db) => findSessionOwner(db, id),
  revokeSession: (db) => revokeSession(db, { id, userId: session.userId, reason: "test" }),
  revokeOwnSession: (db) => revokeOwnSession(db, caller, { id: spare.id, reason: "test", now }),
  changePassword: (db) =>
    changePassword(db, {
      ...caller,
      oldHash: user.passwordHash,
      newHash: "b",
      session: newSession(user.id),
      mail: newMail(user.id),
      superseded: [...PURPOSES],
      now,
    }),
  revokeAllSessions: (db) => revokeAllSessions(db, { userId: users[1]!.id }, "test", now),
  purgeEnded: (db) => purgeEnded(db, now, { olderThanSeconds: 86_400, batch: 20 }),
  countHit: (db) => countHit(db, newBucket(), { hitsAtMost: 10, windowSeconds: 60, now }),
  decrementHits: (db) =>
    decrementHits(
      db,
      [newBucket(), newBucket()].map((bucket) => ({ bucket, countedAt: now })),
      now,
    ),
  clearHits: (db) => clearHits(db, newBucket(), now),
  purgeExpiredLimits: (db) => purgeExpiredLimits(db, now, 3),
  requestDeletion: (db) => requestDeletion(db, { ...leaving, deletesAt: now, mail: newMail(leaving.userId), now }),
  undoDeletion: (db) => undoDeletion(db, { userId: leaving.userId, delaySeconds: 60, now }),
  findDueDeletions: (db) => findDueDeletions(db, now, 10),
  purgeAccount: (db) => purgeAccount(db, leaving.userId, now),
  readPersonalData: (db) => readPersonalData(db, user.id, 100),
  writeHeartbeat: (db) => writeHeartbeat(db, "plans"),
  revokeAgain: (db) => revokeAgain(db, [[spare.id, "test"]]),
  endSessionsAgain: (db) =>
    endSessionsAgain(db, [{ userId: users[4]!.id, reason: "", sessionEpoch: 9, openedBy: now }]),
  findOpenSessions: (db) => findOpenSessions(db, [users[3]!.id]),
  revokeOpenedBefore: (db) => revokeOpenedBefore(db, { openedBefore: now, afterId: lastIds[2]!, reason: "test" }),
  replaceHeartbeat: (db) => replaceHeartbeat(db, "plans", now),
  purgeHeartbeats: (db) => purgeHeartbeats(db, 3600),
  insertMail: (db) => insertMail(db, { ...mails[0]!, id: randomUUID() }),
  findDueMails: (db) => findDueMails(db, 5),
  claimMail: (db) => claimMail(db, { id: mails[0]!.id, nextAttemptAt: mails[0]!.createdAt }, 60),
  markMailSent: (db) => markMailSent(db, mails[1]!.id),
  markMailFailed: (db) =>
    markMailFailed(db, { id: mails[2]!.id, nextAttemptAt: now }, { error: "test", retryAfterSeconds: 10 }),
  deleteMail: (db) => deleteMail(db, mails[3]!.id),
  purgeMails: (db) => purgeMails(db, now, { olderThanSeconds: 90 * 86_400, batch: 20 }),
};

test.each(Object.entries(queries))("%s uses an index and scans no table", async (_, run) => {
  statements.length = 0;
  await run(spied);
  const explained = statements.filter(({ text }) => !["begin", "commit", "rollback"].includes(text));
  expect(explained.length).toBeGreaterThan(0);
  for (const { text, values } of explained) {
    // The format that both MySQL and MariaDB support.
    const [plan] = await pool.promise().query(`explain format=traditional ${text}`, values);
    for (const { select_type: step, type, table, rows } of plan as Record<string, string | null>[]) {
      // The target table of an insert is listed too.
      if (step === "INSERT") continue;
      // Derived rows without a table.
      if (table?.startsWith("<")) continue;
      // MariaDB appends a second index that it uses as a filter: "ref_or_null|filter", "2 (5%)".
      expect(["ALL", "index"], `${table} in: ${text}`).not.toContain(type?.split("|")[0]);
      expect(parseInt(rows ?? "0", 10), `${table} in: ${text}`).toBeLessThan(200);
    }
  }
});

function newBucket(): string {
  return randomUUID().replaceAll("-", "").repeat(2);
}

function spyOn(spiedPool: Pool): MysqlPool {
  return {
    end: (callback) => spiedPool.end(callback),
    getConnection: (callback) =>
      spiedPool.getConnection((error, connection) => {
        const query = (text: string, values: unknown[], done?: (error: unknown, result: never) => void) => {
          statements.push({ text, values: [...values] });
          return connection.query(text, values, ((failure: unknown, result: never) => {
            if (failure) errors.push(failure);
            done?.(failure, result);
          }) as never);
        };
        callback(error, { query, release: () => connection.release() } as never);
      }),
  };
}

describe("in a table of few sessions", () => {
  const small = useTestDatabase();
  let few: Pool;
  let spiedFew: Kysely<Database>;
  beforeAll(() => {
    few = createPool({ ...parseDatabaseUrl(small.url)[0], timezone: "Z", connectionLimit: 8 });
    few.on("connection", (connection) => {
      connection.query("set session transaction isolation level read committed");
    });
    spiedFew = new Kysely({ dialect: new MysqlDialect({ pool: spyOn(few) }), plugins: [new CamelCasePlugin()] });
  });
  afterAll(() => spiedFew.destroy());

  const updates: Record<string, (db: Kysely<Database>, row: NewSession) => Promise<unknown>> = {
    rotateSession: (db, { id, currentNonce }) =>
      rotateSession(db, { id, fromNonce: currentNonce, toNonce: newNonce(), handedAt: now, ...sighting }),
    replaceLostToken: (db, { id, currentNonce }) =>
      replaceLostToken(db, { id, currentNonce, previousNonce, toNonce: newNonce(), handedAt: now, ...sighting }),
    extendReissueWindow: (db, { id, currentNonce }) =>
      extendReissueWindow(db, { id, currentNonce, previousNonce, now }),
    revokeSession: (db, { id }) => revokeSession(db, { id, reason: "test" }),
  };

  test.each(Object.entries(updates))("%s finds its row by primary key", async (_, run) => {
    const row = await existingSession(small.db);
    statements.length = 0;
    await run(spiedFew, row);
    expect(statements).toHaveLength(1);
    const [{ text, values }] = statements as [(typeof statements)[0]];
    const [plan] = await few.promise().query(`explain format=traditional ${text}`, values);
    const isByKey = ({ table, key, Extra }: Record<string, string | null>) =>
      (table === "sessions" && key === "PRIMARY") ||
      // What MySQL says if it has read the row by a unique key and the other conditions do not hold.
      Extra === "Impossible WHERE noticed after reading const tables";
    expect((plan as Record<string, string | null>[]).some(isByKey), JSON.stringify(plan)).toBe(true);
  });

  test("rotations and revocations of the same sessions do not deadlock", async () => {
    errors.length = 0;
    for (let round = 0; round < 30; round++) {
      const rows = await atOnce(3, () => existingSession(small.db, { createdAt: now }));
      await Promise.all(
        rows.flatMap((row) => [
          updates.rotateSession!(spiedFew, row),
          updates.extendReissueWindow!(spiedFew, row),
          sql`update sessions set revoked_at = utc_timestamp(3) where id = ${row.id}`.execute(spiedFew),
        ]),
      );
      await small.db.deleteFrom("sessions").execute();
    }
    expect(errors).toEqual([]);
  });
});
