import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import {
  rotateSession,
  findSessionWithUser,
  insertSession,
  isSessionLive,
  listLiveSessions,
  moveSessionForward,
  recordAuthentication,
  replaceLostToken,
  extendReissueWindow,
} from "./sessions";
import { revokeSession } from "./revocations";
import type { NewSession } from "@/db/schema";
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

const database = useTestDatabase();

const now = new Date("2026-11-21T12:00:00.123Z");
const later = daysAfter(now, 1);
const update = {
  now: later,
  idleExpiresAt: daysAfter(later, 7),
  ip: "2001:db8::1",
  userAgent: "Mozilla/5.0 (new)",
  browser: "Firefox 140",
  os: "Linux",
  deviceType: "desktop",
};
/** A rotation of the session as it was read. */
const stepFrom = ({ id, currentNonce, handedAt }: Pick<NewSession, "id" | "currentNonce" | "handedAt">) => ({
  id,
  fromNonce: currentNonce,
  handedAt,
  ...update,
});

test("a session is read as it was stored, to the millisecond, with its user", async () => {
  const { db } = database;
  const user = await existingUser(db);
  const session = await existingSession(db, { userId: user.id, createdAt: now, remember: false });
  expect(await findSessionWithUser(db, session.id)).toEqual({
    ...session,
    previousNonce: null,
    recoveredAt: null,
    recoveries: 0,
    revokedAt: null,
    revokedReason: null,
    email: user.email,
    fullName: user.fullName,
    role: "user",
    emailVerifiedAt: null,
    sessionEpoch: 0,
    userDisabledAt: null,
    userDeletesAt: null,
  });
});

test("an unknown session id finds nothing, whatever it contains", async () => {
  for (const id of ["", "' or 1 = 1 -- ", "\\' or 1 = 1 -- ", "%", "0", crypto.randomUUID()]) {
    expect(await findSessionWithUser(database.db, id)).toBeUndefined();
    expect(await isSessionLive(database.db, id, now)).toBe(false);
  }
});

test("no session is inserted for a user who is disabled, unknown, or read before all sessions were revoked", async () => {
  const { db } = database;
  const user = await existingUser(db);
  expect(await insertSession(db, newSession(user.id), { sessionEpoch: 1 })).toBeNull();
  expect(await insertSession(db, newSession(crypto.randomUUID()), { sessionEpoch: 0 })).toBeNull();
  await db.updateTable("users").set({ disabledAt: now }).where("id", "=", user.id).execute();
  expect(await insertSession(db, newSession(user.id), { sessionEpoch: 0 })).toBeNull();
  expect(await db.selectFrom("sessions").selectAll().where("userId", "=", user.id).execute()).toEqual([]);
});

test("idle expiry never exceeds absolute expiry, neither on insert nor on rotation", async () => {
  const { db } = database;
  const end = daysAfter(now, 3);
  const session = await existingSession(db, {
    createdAt: now,
    absoluteExpiresAt: end,
    idleExpiresAt: daysAfter(now, 9),
  });
  expect((await readSession(db, session.id)).idleExpiresAt).toEqual(end);
  await rotateSession(db, { ...stepFrom(session), toNonce: newNonce() });
  expect((await readSession(db, session.id)).idleExpiresAt).toEqual(end);
});

test("a rotation keeps the old nonce as the previous one and records the client", async () => {
  const { db } = database;
  const session = await existingSession(db, { createdAt: now });
  const toNonce = newNonce();
  expect(await rotateSession(db, { ...stepFrom(session), toNonce })).toBe(true);
  const { now: at, ...seen } = update;
  expect(await readSession(db, session.id)).toMatchObject({
    ...seen,
    previousNonce: session.currentNonce,
    currentNonce: toNonce,
    generation: 1,
    rotatedAt: at,
    handedAt: at,
    lastSeenAt: at,
    createdAt: now,
    recoveries: 0,
  });
});

test("of a hundred concurrent rotations from one nonce on five instances exactly one succeeds", async () => {
  const session = await existingSession(database.db, { createdAt: now });
  const instances = Array.from({ length: 5 }, () => connect(database.url));
  const results = await atOnce(100, (index) =>
    rotateSession(instances[index % 5]!, { ...stepFrom(session), toNonce: newNonce() }),
  );
  await Promise.all(instances.map((instance) => instance.destroy()));
  expect(results.filter(Boolean)).toHaveLength(1);
  expect((await readSession(database.db, session.id)).generation).toBe(1);
});

test.each([
  ["another nonce", { fromNonce: newNonce() }],
  ["the nonce in other letter case", (nonce: string) => ({ fromNonce: nonce.toUpperCase() })],
  ["a row whose token was reissued since it was read", { handedAt: later }],
  ["a session past its idle time", { now: daysAfter(now, 8) }],
])("a session is not rotated from %s", async (_, given) => {
  const { db } = database;
  const session = await existingSession(db, { createdAt: now, currentNonce: `a${newNonce().slice(1)}` });
  const step = { ...stepFrom(session), toNonce: newNonce() };
  const changed = typeof given === "function" ? given(session.currentNonce) : given;
  expect(await rotateSession(db, { ...step, ...changed })).toBe(false);
  expect(await readSession(db, session.id)).toMatchObject({ currentNonce: session.currentNonce, generation: 0 });
});

test("a session that is revoked or whose user is disabled is not rotated", async () => {
  const { db } = database;
  const revoked = await existingSession(db, { createdAt: now });
  await revokeSession(db, { id: revoked.id, reason: "test" });
  const disabled = await existingSession(db, { createdAt: now });
  await db.updateTable("users").set({ disabledAt: now }).where("id", "=", disabled.userId).execute();
  for (const session of [revoked, disabled]) {
    const { id, currentNonce, handedAt } = session;
    const names = { id, currentNonce, previousNonce: null };
    expect(await rotateSession(db, { ...stepFrom(session), toNonce: newNonce() })).toBe(false);
    expect(await replaceLostToken(db, { ...names, handedAt, toNonce: newNonce(), ...update })).toBe(false);
    expect(await extendReissueWindow(db, { ...names, now: later })).toBe(false);
  }
});

test("a rotation does not wait for a lock on the user's row", async () => {
  const { db, url } = database;
  const session = await existingSession(db, { createdAt: now });
  const other = connect(url);
  await other.transaction().execute(async (trx) => {
    await trx.updateTable("users").set({ fullName: "Held" }).where("id", "=", session.userId).execute();
    const before = performance.now();
    const step = { ...stepFrom(session), toNonce: newNonce() };
    expect(await rotateSession(db, step)).toBe(true);
    expect(performance.now() - before).toBeLessThan(1000);
  });
  await other.destroy();
});

test("a refresh token that was reissued since the session was read is not replaced: it may be in transit", async () => {
  const { db } = database;
  const session = await existingSession(db, { createdAt: now });
  const { id, currentNonce: previousNonce } = session;
  const currentNonce = newNonce();
  await rotateSession(db, { ...stepFrom(session), toNonce: currentNonce });
  const expected = { id, currentNonce, previousNonce, handedAt: later };
  expect(await extendReissueWindow(db, { id, currentNonce, previousNonce, now: new Date(later.getTime() + 1) })).toBe(
    true,
  );
  expect(await replaceLostToken(db, { ...expected, toNonce: newNonce(), ...update })).toBe(false);
  expect(await readSession(db, id)).toMatchObject({ currentNonce, recoveries: 0 });
});

test("replacing a lost refresh token keeps the previous nonce and records the recovery", async () => {
  const { db } = database;
  const session = await existingSession(db, { createdAt: now });
  const { id, currentNonce: previousNonce } = session;
  const currentNonce = newNonce();
  await rotateSession(db, { ...stepFrom(session), toNonce: currentNonce });
  const step = { id, currentNonce, previousNonce, handedAt: later, ...update };
  const toNonces = Array.from({ length: 20 }, newNonce);
  const results = await Promise.all(toNonces.map((toNonce) => replaceLostToken(db, { ...step, toNonce })));
  expect(results.filter(Boolean)).toHaveLength(1);
  expect(await readSession(db, id)).toMatchObject({
    currentNonce: toNonces[results.indexOf(true)],
    previousNonce,
    generation: 2,
    recoveries: 1,
    recoveredAt: later,
    handedAt: later,
  });
});

test("a reissue changes only its time, and never moves it back", async () => {
  const { db } = database;
  const session = await existingSession(db, { createdAt: now });
  const { id, currentNonce: previousNonce } = session;
  const currentNonce = newNonce();
  await rotateSession(db, { ...stepFrom(session), toNonce: currentNonce });
  const before = await readSession(db, id);
  const soon = new Date(later.getTime() + 5000);
  expect(await extendReissueWindow(db, { id, currentNonce, previousNonce, now: soon })).toBe(true);
  expect(await readSession(db, id)).toEqual({ ...before, handedAt: soon });
  expect(await extendReissueWindow(db, { id, currentNonce, previousNonce, now: later })).toBe(true);
  expect((await readSession(db, id)).handedAt).toEqual(soon);
  expect(await extendReissueWindow(db, { id, currentNonce: newNonce(), previousNonce, now: soon })).toBe(false);
});

describe("a row that the database has put back", () => {
  const proven = {
    ...update,
    generation: 5,
    currentNonce: newNonce(),
    previousNonce: newNonce(),
    rotatedAt: new Date("2026-11-21T12:05:00Z"),
    handedAt: later,
    lastSeenAt: later,
    idleExpiresAt: daysAfter(now, 8),
  };

  async function moveFrom(session: NewSession, changes: Partial<typeof proven> = {}, judged: Partial<NewSession> = {}) {
    const { now: at, ...state } = { ...proven, ...changes };
    const { currentNonce, handedAt } = { ...session, ...judged };
    return moveSessionForward(database.db, {
      id: session.id,
      judged: { currentNonce, handedAt: new Date(handedAt) },
      proven: state,
      now: at,
    });
  }

  test("moves forward to exactly the state that a token proves, once of twenty times", async () => {
    const { db } = database;
    const session = await existingSession(db, { createdAt: now, idleExpiresAt: daysAfter(now, 1) });
    const results = await atOnce(20, () => moveFrom(session));
    expect(results.filter(Boolean)).toHaveLength(1);
    const { now: _, ...state } = proven;
    expect(await readSession(db, session.id)).toMatchObject({
      ...state,
      createdAt: now,
      recoveries: 0,
      revokedAt: null,
    });
  });

  test.each<[string, Partial<NewSession>, Partial<typeof proven>, Partial<NewSession>]>([
    ["a row whose token was replaced since it was read", {}, {}, { currentNonce: newNonce() }],
    ["a row whose token was reissued since it was read", {}, {}, { handedAt: later }],
    ["a row that has reached the generation", { generation: 5 }, {}, {}],
    ["a row of a later generation", { generation: 6 }, {}, {}],
    ["a session past its absolute limit", {}, { now: daysAfter(now, 31) }, {}],
  ])("does not move: %s", async (_, given, changes, judged) => {
    const session = await existingSession(database.db, { createdAt: now, ...given });
    const before = await readSession(database.db, session.id);
    expect(await moveFrom(session, changes, judged)).toBe(false);
    expect(await readSession(database.db, session.id)).toEqual(before);
  });

  test("does not move: a session that is revoked or whose user is disabled", async () => {
    const { db } = database;
    const revoked = await existingSession(db, { createdAt: now });
    await revokeSession(db, { id: revoked.id, reason: "test" });
    const disabled = await existingSession(db, { createdAt: now });
    await db.updateTable("users").set({ disabledAt: now }).where("id", "=", disabled.userId).execute();
    for (const session of [revoked, disabled]) expect(await moveFrom(session)).toBe(false);
  });

  test("keeps an idle limit that is later than the token's, and its absolute limit", async () => {
    const { db } = database;
    const idleExpiresAt = daysAfter(now, 9);
    const session = await existingSession(db, { createdAt: now, idleExpiresAt });
    expect(await moveFrom(session)).toBe(true);
    expect((await readSession(db, session.id)).idleExpiresAt).toEqual(idleExpiresAt);
    const short = await existingSession(db, { createdAt: now, absoluteExpiresAt: daysAfter(now, 3) });
    expect(await moveFrom(short)).toBe(true);
    expect((await readSession(db, short.id)).idleExpiresAt).toEqual(daysAfter(now, 3));
  });
});

test("a new time of authentication is stored for the user's own session and never moves back", async () => {
  const { db } = database;
  const { id, userId } = await existingSession(db, { createdAt: now });
  expect(await recordAuthentication(db, { userId, sessionId: id }, "pwd otp mfa", later)).toBe(true);
  expect(await recordAuthentication(db, { userId, sessionId: id }, "pwd otp mfa", now)).toBe(true);
  expect((await readSession(db, id)).authenticatedAt).toEqual(later);
});

test("no time of authentication is stored for a session that is revoked, expired, another user's or of a disabled user", async () => {
  const { db } = database;
  const opened = () => existingSession(db, { createdAt: now });
  const [revoked, expired, others, disabled] = [await opened(), await opened(), await opened(), await opened()];
  await revokeSession(db, { id: revoked.id, reason: "test" });
  await db.updateTable("sessions").set({ idleExpiresAt: later }).where("id", "=", expired.id).execute();
  await db.updateTable("users").set({ disabledAt: now }).where("id", "=", disabled.userId).execute();
  for (const { id, userId } of [revoked, expired, { id: others.id, userId: revoked.userId }, disabled]) {
    expect(await recordAuthentication(db, { userId, sessionId: id }, "pwd otp mfa", later)).toBe(false);
    expect((await readSession(db, id)).authenticatedAt).toEqual(now);
  }
});

test("the list contains only live sessions of the user, most recently seen first", async () => {
  const { db } = database;
  const { id: userId } = await existingUser(db);
  const first = await existingSession(db, { userId, createdAt: now });
  const second = await existingSession(db, { userId, createdAt: now, lastSeenAt: later });
  const revoked = await existingSession(db, { userId, createdAt: now });
  await revokeSession(db, { id: revoked.id, reason: "test" });
  await existingSession(db, { userId, createdAt: now, idleExpiresAt: later });
  await existingSession(db, { createdAt: now });
  const caller = { userId, sessionId: first.id };
  const listed = await listLiveSessions(db, caller, { now: later, atMost: 100 });
  expect(listed?.map(({ id }) => id)).toEqual([second.id, first.id]);
  expect(JSON.stringify(listed)).not.toContain(first.currentNonce);
  const shortened = await listLiveSessions(db, caller, { now: later, atMost: 1 });
  expect(shortened?.map(({ id }) => id)).toEqual([first.id]);
  for (const sessionId of [revoked.id, crypto.randomUUID()]) {
    expect(await listLiveSessions(db, { userId, sessionId }, { now: later, atMost: 100 })).toBeNull();
  }
});

test("deleting a user deletes the user's sessions", async () => {
  const { db } = database;
  const session = await existingSession(db);
  await db.deleteFrom("users").where("id", "=", session.userId).execute();
  const { rows } = await sql`select 1 from sessions where id = ${session.id}`.execute(db);
  expect(rows).toEqual([]);
});
