import { sql } from "kysely";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { existingUser, newSession, useTestDatabase } from "@/db/testing";
import { countStatements, databaseAt, later, secondsPass, signedInSession, T0 } from "@/server/auth/db-testing";
import { MAX_REPLICATION_LAG_SECONDS } from "@/server/auth/policy/lifetimes";
import { ADA, anotherInstance } from "@/server/auth/testing";

const database = useTestDatabase();

const load = async () => ({
  ...(await import("./revocation-feed")),
  ...(await import("./end-session")),
  ...(await import("@/server/auth/login/logout")),
  ...(await import("@/server/auth/gate/authenticate")),
});

type Instance = Awaited<ReturnType<typeof load>>;
/** The instance that revokes a session, and the one that receives its tokens. */
let here: Instance;
let there: Instance;
beforeEach(async () => {
  [here, there] = [await anotherInstance(load), await anotherInstance(load)];
});

/** Sets this process's wall clock and leaves its monotonic one, as if set by hand or after a suspension. */
async function clockIsSet<Result>(seconds: number, run: () => Promise<Result>): Promise<Result> {
  const { now } = Date;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => now.call(Date) + seconds * 1000);
  try {
    return await run();
  } finally {
    clock.mockRestore();
  }
}

const isAccepted = async (instance: Instance, token: string, db = database.db) =>
  (await instance.authenticateAccessToken(db, token, ADA, later(10))) !== null;

describe("a revoked session", () => {
  test("is refused at once where it was revoked, and elsewhere with the next read", async () => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await Promise.all([here.readRevocations(database.db), there.readRevocations(database.db)]);
    expect([await isAccepted(here, accessToken), await isAccepted(there, accessToken)]).toEqual([true, true]);

    await here.endSession(database.db, { id }, "revoked by user");
    expect([await isAccepted(here, accessToken), await isAccepted(there, accessToken)]).toEqual([false, true]);
    await there.readRevocations(database.db);
    expect(await isAccepted(there, accessToken)).toBe(false);
  });

  test("is known to an instance that started later", async () => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await here.endSession(database.db, { id }, "logout");
    const started = await anotherInstance(load);
    expect(started.hasRevocationFeedStarted()).toBe(false);
    await started.readRevocations(database.db);
    expect(started.hasRevocationFeedStarted()).toBe(true);
    expect(await isAccepted(started, accessToken)).toBe(false);
  });

  test("costs other sessions no statement: a token check reads nothing", async () => {
    const { accessToken } = await signedInSession(database.db, T0);
    await there.readRevocations(database.db);
    const statements = await countStatements(database.url, async (db) => {
      for (let count = 0; count < 20; count++) expect(await isAccepted(there, accessToken, db)).toBe(true);
    });
    expect(statements).toBe(0);
    expect(await countStatements(database.url, (db) => there.readRevocations(db))).toBe(1);
  });

  test("is seen even if its commit becomes visible after a later one was read", async () => {
    const slowly = await signedInSession(database.db, T0);
    const prompt = await signedInSession(database.db, T0);
    const slow = connect(database.url, { poolSize: 1 });
    await slow.transaction().execute(async (trx) => {
      // Set twelve seconds ago, and visible only after the commit.
      const late = sql`utc_timestamp(3) - interval 12 second`;
      await sql`update sessions set revoked_at = ${late}, revoked_reason = 'logout' where id = ${slowly.id}`.execute(
        trx,
      );
      await here.endSession(database.db, { id: prompt.id }, "logout");
      for (let reads = 0; reads < 3; reads++) await there.readRevocations(database.db);
      expect([await isAccepted(there, prompt.accessToken), await isAccepted(there, slowly.accessToken)]).toEqual([
        false,
        true,
      ]);
    });
    await slow.destroy();
    await there.readRevocations(database.db);
    expect(await isAccepted(there, slowly.accessToken)).toBe(false);
  });

  test("is seen though it arrives a minute late, as on a node that lags", async () => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await there.readRevocations(database.db);
    await sql`update sessions set revoked_at = utc_timestamp(3) - interval ${MAX_REPLICATION_LAG_SECONDS} second
      where id = ${id}`.execute(database.db);
    await there.readRevocations(database.db);
    expect(await isAccepted(there, accessToken)).toBe(false);
  });

  test("is seen after an outage of the database of any length", async () => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await there.readRevocations(database.db);
    await sql`update sessions set revoked_at = utc_timestamp(3) - interval 300 second where id = ${id}`.execute(
      database.db,
    );
    await there.readRevocations(database.db);
    expect(await isAccepted(there, accessToken)).toBe(true);
    await secondsPass(301, async () => {
      await there.readRevocations(database.db);
      expect(await isAccepted(there, accessToken)).toBe(false);
    });
  });

  test("is seen by a process that was suspended, whose own clocks both stopped", async () => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await databaseAt(database.url, -120, (db) => there.readRevocations(db));
    await databaseAt(database.url, -60, (db) => here.endSession(db, { id }, "logout"));
    await there.readRevocations(database.db);
    expect(await isAccepted(there, accessToken)).toBe(false);
  });

  test("is refused after a suspension before the first read completes: the row is read", async () => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await there.readRevocations(database.db);
    await here.endSession(database.db, { id }, "logout");
    await clockIsSet(60, async () => {
      expect(there.isRevocationFeedStale()).toBe(true);
      expect(await isAccepted(there, accessToken)).toBe(false);
      await there.readRevocations(database.db);
      expect(there.isRevocationFeedStale()).toBe(false);
    });
  });

  test.each([
    ["back", -300],
    ["forward", 300],
  ])("is seen though the database's clock was set %s", async (_, seconds) => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await there.readRevocations(database.db);
    await databaseAt(database.url, seconds, async (db) => {
      await here.endSession(db, { id }, "logout");
      await there.readRevocations(db);
    });
    expect(await isAccepted(there, accessToken)).toBe(false);
  });

  test.each([
    ["back", -3600],
    ["forward", 3600],
  ])("is seen though this process's clock was set %s, and the row is read until then", async (_, seconds) => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await there.readRevocations(database.db);
    await clockIsSet(seconds, async () => {
      expect(there.isRevocationFeedStale()).toBe(true);
      await here.endSession(database.db, { id }, "logout");
      expect(await isAccepted(there, accessToken)).toBe(false);
      await there.readRevocations(database.db);
      expect([there.isRevocationFeedStale(), there.isMarkedRevoked(id)]).toEqual([false, true]);
    });
  });

  test("is known again when this process's clock is set back, and its tokens with it", async () => {
    const { id } = await signedInSession(database.db, T0);
    await databaseAt(database.url, -700, (db) => here.endSession(db, { id }, "logout"));
    await there.readRevocations(database.db);
    expect(there.isMarkedRevoked(id), "its tokens had expired").toBe(false);
    await clockIsSet(-3600, async () => {
      await there.readRevocations(database.db);
      expect(there.isMarkedRevoked(id)).toBe(true);
      await secondsPass(3600, () => there.readRevocations(database.db));
      expect(there.isMarkedRevoked(id)).toBe(true);
    });
  });

  test("is kept until its last token has expired, and not longer", async () => {
    const { id } = await signedInSession(database.db, T0);
    await here.endSession(database.db, { id }, "logout");
    const isKept = (seconds: number) =>
      secondsPass(seconds, async () => {
        await here.readRevocations(database.db);
        return here.isMarkedRevoked(id);
      });
    expect(await isKept(600)).toBe(true);
    await sql`update sessions set revoked_at = revoked_at - interval 700 second where id = ${id}`.execute(database.db);
    expect(await isKept(700)).toBe(false);
  });
});

test("after a revocation of many sessions this instance knows all of them before it responds", async () => {
  const own = await signedInSession(database.db, T0);
  const caller = {
    user: { id: own.userId, email: "", fullName: "", role: "user" },
    session: { id: own.id, expiresAt: "", refreshAt: "" },
    authenticatedAt: T0,
    authenticationMethods: ["pwd"],
    isEmailVerified: false,
    mustVerifyEmail: false,
  };
  await here.logoutEverywhere(database.db, caller, T0);
  expect(here.isMarkedRevoked(own.id)).toBe(true);
});

test("a hundred calls during a read share the next one, with 20,000 sessions revoked", async () => {
  const { id: userId } = await existingUser(database.db);
  const revokedAt = sql<Date>`utc_timestamp(3)`;
  let last = "";
  for (let batch = 0; batch < 20; batch++) {
    const rows = Array.from({ length: 1000 }, () => ({ ...newSession(userId), revokedAt }));
    await database.db.insertInto("sessions").values(rows).execute();
    last = rows.at(-1)!.id;
  }
  const statements = await countStatements(database.url, async (db) => {
    await Promise.all(Array.from({ length: 101 }, () => there.readRevocations(db)));
  });
  expect(statements).toBe(2);
  expect(there.isMarkedRevoked(last)).toBe(true);
});

test("concurrent reads: each sees what was committed before its call", async () => {
  const sessions = await Promise.all(Array.from({ length: 5 }, () => signedInSession(database.db, T0)));
  await Promise.all(
    sessions.map(async ({ id }) => {
      await here.endSession(database.db, { id }, "logout");
      await there.readRevocations(database.db);
      expect(there.isMarkedRevoked(id)).toBe(true);
    }),
  );
});

describe("when the feed is stale", () => {
  test("the row is read: a revoked session is refused, a live one is not", async () => {
    const [revoked, live] = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)];
    await there.readRevocations(database.db);
    await here.endSession(database.db, { id: revoked.id }, "logout");
    await secondsPass(10.5, async () => {
      expect(there.isRevocationFeedStale()).toBe(true);
      expect([await isAccepted(there, revoked.accessToken), await isAccepted(there, live.accessToken)]).toEqual([
        false,
        true,
      ]);
      expect(await countStatements(database.url, (db) => isAccepted(there, live.accessToken, db))).toBe(1);
    });
    expect(there.isRevocationFeedStale()).toBe(false);
  });

  test("after nine seconds the feed is not stale", async () => {
    const { accessToken } = await signedInSession(database.db, T0);
    await there.readRevocations(database.db);
    await secondsPass(9, async () => {
      expect(await countStatements(database.url, (db) => isAccepted(there, accessToken, db))).toBe(0);
    });
  });

  test("before the first read the row is read, too", async () => {
    const { id, accessToken } = await signedInSession(database.db, T0);
    await here.endSession(database.db, { id }, "logout");
    expect(there.isRevocationFeedStale()).toBe(true);
    expect(await isAccepted(there, accessToken)).toBe(false);
  });

  test("and the database unavailable, the signed token alone decides; known revocations stay", async () => {
    const [revoked, live] = [await signedInSession(database.db, T0), await signedInSession(database.db, T0)];
    await here.endSession(database.db, { id: revoked.id }, "logout");
    await there.readRevocations(database.db);
    const nowhere = connect("mysql://root@127.0.0.1:9/nothing");
    await secondsPass(60, async () => {
      await expect(there.readRevocations(nowhere)).rejects.toThrow();
      expect(there.isRevocationFeedStale()).toBe(true);
      expect([
        await isAccepted(there, revoked.accessToken, nowhere),
        await isAccepted(there, live.accessToken, nowhere),
      ]).toEqual([false, true]);
    });
    expect(await there.authenticateAccessToken(nowhere, live.accessToken, ADA, later(600))).toBeNull();
    await nowhere.destroy();
  });

  test("after a failed read the next one can succeed", async () => {
    const nowhere = connect("mysql://root@127.0.0.1:9/nothing");
    await expect(here.readRevocations(nowhere)).rejects.toThrow();
    await nowhere.destroy();
    await here.readRevocations(database.db);
    expect(here.isRevocationFeedStale()).toBe(false);
  });
});

test("a started feed knows within two seconds what was revoked elsewhere", async () => {
  const { id, accessToken } = await signedInSession(database.db, T0);
  there.startRevocationFeed(database.db);
  there.startRevocationFeed(database.db);
  await vi.waitFor(() => expect(there.hasRevocationFeedStarted()).toBe(true));
  await here.endSession(database.db, { id }, "logout");
  await vi.waitFor(async () => expect(await isAccepted(there, accessToken)).toBe(false), {
    timeout: 2000,
    interval: 50,
  });
  there.stopRevocationFeed();
});
