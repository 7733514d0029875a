import { sql } from "kysely";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { connect } from "@/db/connect";
import { existingUser, newSession, readSession, useTestDatabase } from "@/db/testing";
import {
  connectThroughProxy,
  countStatements,
  later,
  secondsPass,
  signedInSession,
  T0,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { ADA, anotherInstance } from "@/server/auth/testing";
import { createLog } from "@/server/runtime/log";

// Replaces the log of this process; modules loaded from now on use it.
const written: Record<string, unknown>[] = [];
const collecting = createLog({ write: (line) => void written.push(JSON.parse(line)) });
Object.assign(globalThis, { [Symbol.for("portcullis.log")]: collecting });

const database = useTestDatabase();

const load = async () => ({
  ...(await import("./database-loss")),
  ...(await import("./end-session")),
  ...(await import("./refresh")),
  ...(await import("./revocation-feed")),
});
type Instance = Awaited<ReturnType<typeof load>>;

let here: Instance;
let there: Instance;
beforeEach(async () => {
  await sql`delete from sessions`.execute(database.db);
  [here, there] = [await anotherInstance(load), await anotherInstance(load)];
  for (const instance of [here, there]) await poll(instance);
  written.length = 0;
});

/** What a started feed does once a second. */
async function poll(instance: Instance, db = database.db): Promise<void> {
  await instance.contactDatabase(db);
  await instance.writeRevocationsAgain(db);
}

/** A fail-over that lost the revocations of these sessions, and the heartbeats of the last seconds. */
async function loseRevocations(...sessions: { id: string }[]): Promise<void> {
  await database.db
    .updateTable("sessions")
    .set({ revokedAt: null, revokedReason: null })
    .where(
      "id",
      "in",
      sessions.map(({ id }) => id),
    )
    .execute();
  await loseHeartbeats();
}

const loseHeartbeats = () => sql`update heartbeats set written_at = '2026-01-01'`.execute(database.db);
const reasonOf = async ({ id }: { id: string }) => (await readSession(database.db, id)).revokedReason;
const writtenAgain = () =>
  written
    .filter(({ event }) => event === "revocations-written-again")
    .map(({ sign, known, revoked, missing }) => ({ sign, known, revoked, missing }));

/** Two sessions that `here` revoked and `there` has learned of. */
async function revokedSessions() {
  const sessions = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)] as const;
  await here.endSession(database.db, sessions[0], "logout");
  await here.endSession(database.db, sessions[1], "replaced by login");
  await poll(there);
  return sessions;
}

describe("revocations that the database has lost", () => {
  test("are written again by the instance that made them, with their reasons", async () => {
    const [one, other] = await revokedSessions();
    await loseRevocations(one, other);
    await poll(here);
    expect([await reasonOf(one), await reasonOf(other)]).toEqual(["logout", "replaced by login"]);
    expect(writtenAgain()).toEqual([{ sign: "older heartbeat", known: 2, revoked: 2, missing: 0 }]);
  });

  test("are written again by an instance that knows them from the feed", async () => {
    const [one, other] = await revokedSessions();
    await loseRevocations(one, other);
    await poll(there);
    expect([await reasonOf(one), await reasonOf(other)]).toEqual(["written again", "written again"]);
  });

  test("are written once: what is there already keeps its time and reason", async () => {
    const [one, other] = await revokedSessions();
    await loseRevocations(one);
    const kept = await readSession(database.db, other.id);
    for (const instance of [here, there, here]) await poll(instance);
    expect(await reasonOf(one)).toBe("logout");
    expect(await readSession(database.db, other.id)).toEqual(kept);
    expect(writtenAgain().map(({ revoked }) => revoked)).toEqual([1, 0]);
  });

  test("are written at the present time, so that an instance that started since learns of them", async () => {
    const [one] = await revokedSessions();
    await loseRevocations(one);
    const started = await anotherInstance(load);
    await poll(started);
    expect(started.isMarkedRevoked(one.id)).toBe(false);
    await poll(here);
    await poll(started);
    expect(started.isMarkedRevoked(one.id)).toBe(true);
  });

  test("are not forgotten during an outage that is longer than an access token lives", async () => {
    const [one] = await revokedSessions();
    const proxy = await connectThroughProxy(database.url);
    onTestFinished(() => proxy.close());
    await poll(here, proxy.db);
    await proxy.disconnect();
    await poll(here, proxy.db);
    await loseRevocations(one);
    await secondsPass(3600, async () => {
      await poll(here, proxy.db);
      await proxy.reconnect();
      await poll(here, proxy.db);
      expect(await reasonOf(one)).toBe("logout");
      await poll(here, proxy.db);
      expect(here.isMarkedRevoked(one.id), "then they are").toBe(false);
    });
  });

  test("are written when the database accepts writes, if it only serves reads at first", async () => {
    const [one] = await revokedSessions();
    const locking = connect(database.url, { poolSize: 1 });
    onTestFinished(() => locking.destroy());
    await loseRevocations(one);
    await sql`lock tables sessions read`.execute(locking);
    await poll(here);
    expect([await reasonOf(one), here.unhandledLoss()?.sign]).toEqual([null, "older heartbeat"]);
    await sql`unlock tables`.execute(locking);
    await poll(here);
    expect([await reasonOf(one), here.unhandledLoss()]).toEqual(["logout", null]);
  });

  test("take one statement to read a thousand, and one to write those that are lost", async () => {
    const { id: userId } = await existingUser(database.db);
    const sessions = Array.from({ length: 2500 }, () => ({
      ...newSession(userId),
      revokedAt: sql<Date>`utc_timestamp(3)`,
      revokedReason: "logout",
    }));
    for (let start = 0; start < sessions.length; start += 500) {
      await database.db
        .insertInto("sessions")
        .values(sessions.slice(start, start + 500))
        .execute();
    }
    await poll(there);
    await loseHeartbeats();
    await there.contactDatabase(database.db);
    expect(await countStatements(database.url, (db) => there.writeRevocationsAgain(db))).toBe(3);
    await secondsPass(11, async () => {
      await loseRevocations(...sessions);
      await there.contactDatabase(database.db);
      expect(await countStatements(database.url, (db) => there.writeRevocationsAgain(db))).toBe(6);
    });
    expect(writtenAgain().map(({ known, revoked }) => [known, revoked])).toEqual([
      [2500, 0],
      [2500, 2500],
    ]);
  });
});

describe("a session whose row the database has lost", () => {
  const token = ({ refreshToken }: SignedInTestSession) => refreshToken;

  test("is refused, and revoked when its row appears", async () => {
    const [one] = await revokedSessions();
    const row = await database.db.selectFrom("sessions").selectAll().where("id", "=", one.id).executeTakeFirst();
    await database.db.deleteFrom("sessions").where("id", "=", one.id).execute();
    await loseHeartbeats();
    await poll(here);
    const outcome = async () => (await here.refresh(database.db, token(one), ADA, later(5))).kind;
    expect(await outcome()).toBe("ended");

    await database.db
      .insertInto("sessions")
      .values({ ...row!, revokedAt: null })
      .execute();
    expect(await outcome()).toBe("ended");
    await secondsPass(11, () => poll(here));
    expect(await reasonOf(one)).toBe("logout");
    expect(writtenAgain()).toEqual([
      { sign: "older heartbeat", known: 2, revoked: 0, missing: 1 },
      { sign: "late row", known: 1, revoked: 1, missing: 0 },
    ]);
  });

  test("is forgotten with the last of its access tokens", async () => {
    const [one] = await revokedSessions();
    await database.db.deleteFrom("sessions").where("id", "=", one.id).execute();
    await loseHeartbeats();
    await poll(here);
    await secondsPass(3600, async () => {
      await poll(here);
      await poll(here);
      expect(await countStatements(database.url, (db) => here.writeRevocationsAgain(db))).toBe(0);
    });
  });
});

describe("a false alarm", () => {
  test("changes no session and says what was looked at", async () => {
    const sessions = [...(await revokedSessions()), await signedInSession(database.db, T0)];
    const rows = () => Promise.all(sessions.map(({ id }) => readSession(database.db, id)));
    const before = await rows();
    await loseHeartbeats();
    await poll(here);
    expect(await rows()).toEqual(before);
    expect(writtenAgain()).toEqual([{ sign: "older heartbeat", known: 2, revoked: 0, missing: 0 }]);
  });

  test("that does not end costs one attempt in ten seconds", async () => {
    await revokedSessions();
    for (let alarms = 0; alarms < 5; alarms++) {
      await loseHeartbeats();
      await poll(here);
    }
    expect(writtenAgain()).toHaveLength(1);
    await secondsPass(11, () => poll(here));
    expect(writtenAgain()).toHaveLength(2);
  });
});
