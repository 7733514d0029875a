import type { Kysely } from "kysely";
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { connect } from "@/db/connect";
import type { Database } from "@/db/schema";
import { insertSession } from "@/db/tables/sessions";
import { existingUser, newSession, readSession, useTestDatabase } from "@/db/testing";
import { authenticateAccessToken } from "@/server/auth/gate/authenticate";
import {
  callerWith,
  connectThroughProxy,
  cookiesOf,
  later,
  signedInSession,
  T0,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { endByEndToken, logout, logoutEverywhere } from "@/server/auth/login/logout";
import type { Refusal } from "@/server/auth/policy/refusals";
import { issueTokens } from "./issue-tokens";
import { endUndelivered } from "./pending-revocations";
import { refresh } from "./refresh";
import { readRevocations } from "./revocation-feed";
import { openSession } from "./open-session";
import { ADA, anotherInstance } from "@/server/auth/testing";
import { closeDatabase } from "@/server/runtime/database";

const database = useTestDatabase();
beforeAll(() => readRevocations(database.db));

describe("a logout while the database is unavailable", () => {
  type Proxy = Awaited<ReturnType<typeof connectThroughProxy>>;
  const AWAY_TOO_LONG = { timeout: 20_000, interval: 50 };
  let proxy: Proxy;
  let session: SignedInTestSession;
  beforeEach(async () => {
    proxy = await connectThroughProxy(database.url);
    session = await signedInSession(database.db, T0);
    await authenticateAccessToken(proxy.db, session.accessToken, ADA, later(1));
    await proxy.disconnect();
  });
  afterEach(() => proxy.close());

  const endTokenOf = (logout: Promise<unknown>) =>
    logout.then(
      () => expect.fail("the logout was said to be done"),
      (error: unknown) => {
        expect(error).toMatchObject({ reason: "UNAVAILABLE" });
        return (error as Refusal).details.endToken!;
      },
    );
  const isRevoked = async ({ id }: { id: string }) => (await readSession(database.db, id)).revokedAt !== null;

  test("reports a failure, refuses the session on this instance at once, and revokes it when the database is available", async () => {
    await endTokenOf(logout(proxy.db, cookiesOf(session), ADA, later(10)));
    expect(await isRevoked(session)).toBe(false);
    // Through a pool that reaches the database, as in the moment before the queued revocation is written.
    expect(await authenticateAccessToken(database.db, session.accessToken, ADA, later(11))).toBeNull();
    expect(await refresh(database.db, session.refreshToken, ADA, later(600))).toEqual({
      kind: "ended",
      reason: "over",
    });
    await proxy.reconnect();
    await vi.waitFor(async () => expect(await isRevoked(session)).toBe(true), AWAY_TOO_LONG);
    expect((await readSession(database.db, session.id)).revokedReason).toBe("logout");
  });

  test("revokes both sessions if the cookies name two", async () => {
    const other = await signedInSession(database.db, T0);
    const mixed = { accessToken: session.accessToken, refreshToken: other.refreshToken };
    await endTokenOf(logout(proxy.db, cookiesOf(mixed), ADA, later(10)));
    await proxy.reconnect();
    for (const one of [session, other]) {
      await vi.waitFor(async () => expect(await isRevoked(one)).toBe(true), AWAY_TOO_LONG);
    }
  });

  test("everywhere revokes every session that was open then, and none opened since", async () => {
    const open = (now: Date) => openSession(database.db, session.user, true, ADA, now);
    const other = (await open(later(5)))!;
    await endTokenOf(logoutEverywhere(proxy.db, await callerWith(session), later(10)));
    const since = (await open(later(11)))!;
    expect((await refresh(database.db, session.refreshToken, ADA, later(600))).kind).toBe("ended");
    await proxy.reconnect();
    for (const one of [session, other]) {
      await vi.waitFor(async () => expect(await isRevoked(one)).toBe(true), AWAY_TOO_LONG);
    }
    expect(await isRevoked(since)).toBe(false);
  });

  test("everywhere refuses a session opened before it that authenticated again since, and none opened since", async () => {
    const tokenOf = async (openedAt: Date, authenticatedAt: Date) => {
      const opened = (await openSession(database.db, session.user, true, ADA, openedAt))!;
      const { cookies } = await issueTokens({ ...opened, authenticatedAt }, ADA, authenticatedAt);
      return cookies[0]!.value;
    };
    const before = await tokenOf(later(10), later(11));
    const since = await tokenOf(later(10.001), later(10.001));
    await endTokenOf(logoutEverywhere(proxy.db, await callerWith(session), later(10)));
    expect(await authenticateAccessToken(database.db, before, ADA, later(12))).toBeNull();
    expect(await authenticateAccessToken(database.db, since, ADA, later(12))).not.toBeNull();
  });

  test("can be repeated with its end token on another instance", async () => {
    const endToken = await endTokenOf(logout(proxy.db, cookiesOf(session), ADA, later(10)));
    const elsewhere = await anotherInstance(() => import("@/server/auth/login/logout"));
    expect(await elsewhere.endByEndToken(database.db, endToken, cookiesOf({}), later(20))).toBe(false);
    expect(await isRevoked(session)).toBe(true);
  });

  test("everywhere can be repeated with its end token and does not revoke sessions opened since", async () => {
    const other = (await openSession(database.db, session.user, true, ADA, later(5)))!;
    const endToken = await endTokenOf(logoutEverywhere(proxy.db, await callerWith(session), later(10)));
    const since = (await openSession(database.db, session.user, true, ADA, later(11)))!;
    const elsewhere = await anotherInstance(() => import("@/server/auth/login/logout"));
    await elsewhere.endByEndToken(database.db, endToken, cookiesOf({}), later(20));
    expect(await Promise.all([session, other, since].map(isRevoked))).toEqual([true, true, false]);
  });

  test("behaves as with any other error: the cookies are cleared", async () => {
    const broken = connect(new URL("/not_there", database.url).href);
    const endToken = await endTokenOf(logout(broken, cookiesOf(session), ADA, later(10)));
    await broken.destroy();
    await endByEndToken(database.db, endToken, cookiesOf({}), later(20));
    expect(await isRevoked(session)).toBe(true);
  });

  test("is retried once more when the process stops", async () => {
    await endTokenOf(logout(proxy.db, cookiesOf(session), ADA, later(10)));
    await proxy.reconnect();
    await closeAsTheProcess(proxy.db);
    expect(await isRevoked(session)).toBe(true);
  });
});

describe("a session whose tokens were not delivered, while the database is unavailable", () => {
  let proxy: Awaited<ReturnType<typeof connectThroughProxy>>;
  let session: SignedInTestSession;
  beforeEach(async () => {
    proxy = await connectThroughProxy(database.url);
    session = await signedInSession(database.db, T0);
    await proxy.disconnect();
    endUndelivered(proxy.db, session.id);
  });
  afterEach(() => proxy.close());

  test("is refused on this instance at once, and revoked when the database is available", async () => {
    expect(await authenticateAccessToken(database.db, session.accessToken, ADA, later(1))).toBeNull();
    expect((await refresh(database.db, session.refreshToken, ADA, later(600))).kind).toBe("ended");
    expect((await readSession(database.db, session.id)).revokedAt).toBeNull();
    await proxy.reconnect();
    await untilNeverDelivered(session.id);
  });

  test("is revoked by a last attempt when the process stops", async () => {
    await proxy.reconnect();
    await closeAsTheProcess(proxy.db);
    expect(await readSession(database.db, session.id)).toMatchObject({ revokedReason: "never delivered" });
  });
});

test("a session that is inserted after its tokens were given up is revoked", async () => {
  const user = await existingUser(database.db);
  const session = newSession(user.id);
  endUndelivered(database.db, session.id);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await insertSession(database.db, session, user);
  await untilNeverDelivered(session.id);
});

test("at most 10,000 revocations are pending, and one beyond that is refused here and attempted once", async () => {
  const { queueRevocation, isRevocationPending, endUndelivered, isMarkedRevoked } = await anotherInstance(async () => ({
    ...(await import("./pending-revocations")),
    ...(await import("./revocation-feed")),
  }));
  const sessionIds = Array.from({ length: 10_001 }, () => crypto.randomUUID());
  const isPending = (id: string) => isRevocationPending({ id, userId: crypto.randomUUID(), createdAt: T0 });
  const away = () => Promise.reject(Object.assign(new Error("away"), { code: "ECONNREFUSED" }));
  queueRevocation(database.db, { sessionIds, reason: "logout" }, away);
  expect(sessionIds.filter(isPending)).toEqual(sessionIds.slice(0, 10_000));
  expect(sessionIds.every(isMarkedRevoked)).toBe(true);

  const { id } = await signedInSession(database.db, T0);
  endUndelivered(database.db, id);
  expect(isPending(id)).toBe(false);
  await untilNeverDelivered(id);
});

test("a revocation that fails for a reason other than an unavailable database is retried less and less often", async () => {
  const { queueRevocation, isMarkedRevoked } = await anotherInstance(async () => ({
    ...(await import("./pending-revocations")),
    ...(await import("./revocation-feed")),
  }));
  const id = crypto.randomUUID();
  let seconds = 0;
  const attemptedAt: number[] = [];
  queueRevocation(database.db, { sessionIds: [id], reason: "logout" }, async () => {
    attemptedAt.push(seconds);
    throw new TypeError("a bug");
  });
  const { now } = performance;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now.call(performance) + seconds * 1000);
  onTestFinished(() => clock.mockRestore());
  await vi.waitFor(() => expect(attemptedAt).toHaveLength(1), { timeout: 20_000 });
  // Longer than every interval: each step is followed by one attempt.
  for (const passed of [61, 122, 183, 244, 305, 366]) {
    seconds = passed;
    await vi.waitFor(() => expect(attemptedAt).toContain(passed), { timeout: 20_000 });
  }
  // At the longest interval: no attempt while another revocation is attempted in the same rounds.
  let others = 0;
  queueRevocation(database.db, { sessionIds: [crypto.randomUUID()], reason: "logout" }, async () => {
    others += 1;
    if (others < 3) throw Object.assign(new Error("away"), { code: "ECONNREFUSED" });
  });
  await vi.waitFor(() => expect(others).toBe(3), { timeout: 20_000 });
  expect(attemptedAt).toEqual([0, 61, 122, 183, 244, 305, 366]);
  expect(isMarkedRevoked(id), "this instance refuses it all the time").toBe(true);
});

function untilNeverDelivered(id: string): Promise<void> {
  return vi.waitFor(
    async () => expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "never delivered" }),
    { timeout: 60_000, interval: 100 },
  );
}

/** Closes a pool as the process does its own when it stops. */
async function closeAsTheProcess(db: Kysely<Database>): Promise<void> {
  const shared = globalThis as Record<symbol, unknown>;
  const own = shared[Symbol.for("portcullis.database")];
  shared[Symbol.for("portcullis.database")] = db;
  await closeDatabase();
  if (own !== undefined) shared[Symbol.for("portcullis.database")] = own;
}
