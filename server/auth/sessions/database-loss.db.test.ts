import { join } from "node:path";
import { sql, type Kysely } from "kysely";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { MIGRATION_LIMITS, migrateToLatest } from "@/db/migrate";
import type { Database } from "@/db/schema";
import { useTestDatabase } from "@/db/testing";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { connectThroughProxy, countStatements, databaseAt, later, secondsPass } from "@/server/auth/db-testing";
import { anotherInstance } from "@/server/auth/testing";

const database = useTestDatabase();

const load = async () => ({
  ...(await import("./database-loss")),
  ...(await import("./revocation-feed")),
});

let instance: Awaited<ReturnType<typeof load>>;
beforeEach(async () => {
  instance = await anotherInstance(load);
  await instance.contactDatabase(database.db);
});

const NOW = later(0);
/** The sign that was noticed and not acted on, which ends with this call. */
function signOf({ unhandledLoss, markLossHandled }: typeof instance): string | null {
  const loss = unhandledLoss();
  if (loss !== null) markLossHandled(loss);
  return loss?.sign ?? null;
}
const hasNoticed = () => instance.lossNoticedAt(NOW) !== null;

/** The heartbeats as they are now, to be put back later: what a fail-over or a restore leaves. */
async function keepHeartbeats(): Promise<() => Promise<void>> {
  const kept = await database.db.selectFrom("heartbeats").selectAll().execute();
  return async () => {
    await database.db.deleteFrom("heartbeats").execute();
    if (kept.length > 0) await database.db.insertInto("heartbeats").values(kept).execute();
  };
}

describe("a loss of commits is noticed at the next contact", () => {
  test("by a heartbeat that is older than the one that this instance wrote", async () => {
    const putBack = await keepHeartbeats();
    await instance.contactDatabase(database.db);
    await putBack();
    await instance.contactDatabase(database.db);
    expect([hasNoticed(), signOf(instance)]).toEqual([true, "older heartbeat"]);
  });

  test("by a heartbeat that is missing", async () => {
    await database.db.deleteFrom("heartbeats").execute();
    await instance.contactDatabase(database.db);
    expect([hasNoticed(), signOf(instance)]).toEqual([true, "older heartbeat"]);
  });

  test("by a clock that was set back by more than a second", async () => {
    await databaseAt(database.url, -0.5, (db) => instance.contactDatabase(db));
    expect(hasNoticed()).toBe(false);
    await databaseAt(database.url, -30, (db) => instance.contactDatabase(db));
    expect([hasNoticed(), signOf(instance)]).toEqual([true, "clock set back"]);
  });

  test("by a connection that failed and is there again, and before any other request uses it", async () => {
    const proxy = await connectThroughProxy(database.url);
    onTestFinished(() => proxy.close());
    await instance.contactDatabase(proxy.db);
    await proxy.disconnect();
    await instance.contactDatabase(proxy.db);
    expect(hasNoticed(), "the next response may be the first after a loss").toBe(true);
    expect(signOf(instance)).toBeNull();
    await proxy.reconnect();
    await instance.contactDatabase(proxy.db);
    expect([hasNoticed(), signOf(instance)]).toEqual([true, "reconnected"]);
  });

  test("by another server", async () => {
    const other = await provideServer({ directory: join(DATA, "test", `other-server-${process.pid}`, "mysql") });
    const db = connect(other.url);
    onTestFinished(async () => {
      await db.destroy();
      await other.stop();
    });
    const migrating = connect(other.url, MIGRATION_LIMITS);
    await migrateToLatest(migrating).finally(() => migrating.destroy());
    await instance.readRevocations(db);
    expect([hasNoticed(), signOf(instance)]).toEqual([true, "other server"]);

    // A pool may have connections to several nodes at once: only a server that was not seen lately is another one.
    for (const one of [database.db, db, database.db]) await instance.readRevocations(one);
    expect(signOf(instance)).toBeNull();
    await secondsPass(61, () => instance.readRevocations(db));
    expect(signOf(instance)).toBe("other server");
  });

  test("within two seconds by a started feed", async () => {
    const putBack = await keepHeartbeats();
    instance.startRevocationFeed(database.db);
    onTestFinished(() => instance.stopRevocationFeed());
    const before = await heartbeatOf(database.db);
    await vi.waitFor(async () => expect(await heartbeatOf(database.db)).not.toEqual(before));
    await putBack();
    await vi.waitFor(() => expect(hasNoticed()).toBe(true), { timeout: 2000, interval: 20 });
  });
});

async function heartbeatOf(db: Kysely<Database>): Promise<string> {
  return JSON.stringify(await db.selectFrom("heartbeats").selectAll().execute());
}

describe("no loss is noticed", () => {
  test("at the first contact, and while contacts follow each other", async () => {
    const started = await anotherInstance(load);
    for (let contacts = 0; contacts < 3; contacts++) await started.contactDatabase(database.db);
    expect([started.lossNoticedAt(NOW), signOf(started)]).toEqual([null, null]);
  });

  test("if the response to a heartbeat was lost and its write was not", async () => {
    await sql`update heartbeats set written_at = written_at + interval 1 second`.execute(database.db);
    await instance.contactDatabase(database.db);
    expect(hasNoticed()).toBe(false);
  });

  test("by an instance that wrote no heartbeat yet, as on a server that was read-only", async () => {
    const started = await anotherInstance(load);
    await started.readRevocations(database.db);
    await started.contactDatabase(database.db);
    expect([started.lossNoticedAt(NOW), signOf(started)]).toEqual([null, null]);
  });
});

test("a heartbeat that cannot be written disturbs nothing: the feed is read", async () => {
  await sql`rename table heartbeats to elsewhere`.execute(database.db);
  try {
    await instance.contactDatabase(database.db);
    expect([instance.isRevocationFeedStale(), hasNoticed()]).toEqual([false, false]);
  } finally {
    await sql`rename table elsewhere to heartbeats`.execute(database.db);
  }
});

test("a poll costs two statements: one read and one write", async () => {
  expect(await countStatements(database.url, (db) => instance.contactDatabase(db))).toBe(2);
});

describe("the instant of the notice", () => {
  const setBack = () => databaseAt(database.url, -30, (db) => instance.contactDatabase(db));
  const secondsAgo = () => {
    const noticedAt = instance.lossNoticedAt(NOW);
    return noticedAt === null ? null : (NOW.getTime() - noticedAt.getTime()) / 1000;
  };

  test("is kept for one window, by a clock that cannot be set", async () => {
    await setBack();
    expect(secondsAgo()).toBeLessThan(10);
    await secondsPass(20, async () => expect(Math.floor(secondsAgo()! / 10)).toBe(2));
    await secondsPass(31, async () => expect(secondsAgo()).toBeNull());
  });

  test("moves with each notice, but not for longer than ten windows", async () => {
    const hasMoved: boolean[] = [];
    for (let seconds = 0; seconds <= 340; seconds += 20) {
      await secondsPass(seconds, async () => {
        await setBack();
        await instance.contactDatabase(database.db);
        hasMoved.push(secondsAgo()! < 10);
      });
    }
    // Until 280 s each notice moves it. At 300 s it stays, until that window is over and a notice begins anew.
    expect(hasMoved).toEqual([...Array<boolean>(15).fill(true), false, true, true]);
  });
});
