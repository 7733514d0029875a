import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { existingSession, newSession, readSession } from "@/db/testing";
import { recordAborted, requestState } from "@/server/runtime/request-state";
import { later, PASSWORD, reasonOf, signedInSession, T0 } from "@/server/auth/db-testing";
import { hashLimiter } from "@/server/runtime/concurrency-limiter";
import { logoutEverywhere } from "./logout";
import { openSession } from "@/server/auth/sessions/open-session";
import { hashPassword } from "@/server/auth/passwords/password";
import { refresh } from "@/server/auth/sessions/refresh";
import { isMarkedRevoked } from "@/server/auth/sessions/revocation-feed";
import { ADA } from "@/server/auth/testing";
import { useLogins } from "./testing";

const { database, attempt, newAccount, sessionsOf } = useLogins();

describe("login: the browser's previous session", () => {
  test.each(["of the same account", "of another account"])("%s is revoked", async (whose) => {
    const user = await newAccount();
    const before = await signedInSession(database.db, T0);
    const passwordHash = await hashPassword(PASSWORD);
    const owner = whose === "of the same account" ? before.userId : user.id;
    await database.db.updateTable("users").set({ passwordHash }).where("id", "=", owner).execute();
    const { email } = await database.db
      .selectFrom("users")
      .select("email")
      .where("id", "=", owner)
      .executeTakeFirstOrThrow();

    const { access } = await attempt(email, { presented: before.refreshToken, now: later(10) });
    expect(await readSession(database.db, before.id)).toMatchObject({ revokedReason: "replaced by login" });
    expect((await sessionsOf(owner)).map(({ id }) => id)).toEqual([access.sessionId]);
  });

  test("is revoked also when the browser presents its previous refresh token", async () => {
    const user = await newAccount();
    const before = await signedInSession(database.db, T0);
    await refresh(database.db, before.refreshToken, ADA, later(600));
    await attempt(user.email, { presented: before.refreshToken, now: later(610) });
    expect(await readSession(database.db, before.id)).toMatchObject({ revokedReason: "replaced by login" });
  });

  test("stays live when the login is refused", async () => {
    const user = await newAccount();
    const before = await signedInSession(database.db, T0);
    expect(await reasonOf(attempt(user.email, { password: "wrong", presented: before.refreshToken }))).toBe(
      "INVALID_CREDENTIALS",
    );
    expect((await readSession(database.db, before.id)).revokedAt).toBeNull();
  });

  test("may be an invalid token or an expired session", async () => {
    const user = await newAccount();
    const before = await signedInSession(database.db, T0);
    await attempt(user.email, { presented: "garbage" });
    await attempt(user.email, { presented: before.refreshToken, now: later(8 * 86_400) });
  });
});

describe("a login in progress", () => {
  test("opens no session if all sessions are revoked meanwhile", async () => {
    const { id: userId, email } = await newAccount();
    const elsewhere = await attempt(email);
    let release!: () => void;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    const blockers = Array.from({ length: 2 }, () => hashLimiter().run(() => blocked));

    const counted = () =>
      database.db
        .selectFrom("rateLimits")
        .select(sql<number>`sum(hits)`.as("sum"))
        .executeTakeFirst();
    const before = Number((await counted())!.sum);
    const underWay = attempt(email);
    const answered = reasonOf(underWay);
    // Both limits are counted: the user was read, and the password waits to be verified.
    await vi.waitFor(async () => expect(Number((await counted())!.sum)).toBe(before + 2));
    const caller = {
      user: elsewhere.access.user,
      session: { id: elsewhere.access.sessionId, expiresAt: "", refreshAt: "" },
      authenticatedAt: T0,
      authenticationMethods: ["pwd"],
      isEmailVerified: false,
      mustVerifyEmail: false,
    };
    await logoutEverywhere(database.db, caller, T0);
    release();
    await Promise.all(blockers);

    expect(await answered).toBe("UNAVAILABLE");
    expect(await sessionsOf(userId)).toEqual([]);
    await attempt(email);
    expect(await sessionsOf(userId)).toHaveLength(1);
  });
});

describe("login: the limit of 100 live sessions per account", () => {
  /** Last seen a minute apart, the first one longest ago. */
  const sessionsFor = (userId: string, count: number) =>
    database.db
      .insertInto("sessions")
      .values(
        Array.from({ length: count }, (_, index) =>
          newSession(userId, { createdAt: T0, lastSeenAt: later(-60 * (count - index)) }),
        ),
      )
      .execute();
  const idsBySeen = async (userId: string) =>
    (await sessionsOf(userId))
      .toSorted((one, other) => one.lastSeenAt.getTime() - other.lastSeenAt.getTime())
      .map(({ id }) => id);

  test("the 100th session revokes none, the 101st the least recently seen one", async () => {
    const { id: userId, email } = await newAccount();
    await sessionsFor(userId, 99);
    const before = await idsBySeen(userId);
    const hundredth = await attempt(email);
    expect(await idsBySeen(userId)).toEqual([...before, hundredth.access.sessionId]);

    const next = await attempt(email, { now: later(10) });
    expect(await idsBySeen(userId)).toEqual([...before.slice(1), hundredth.access.sessionId, next.access.sessionId]);
    expect(await readSession(database.db, before[0]!)).toMatchObject({ revokedReason: "too many sessions" });
    // Known on this instance before the response is sent, on others by the feed.
    expect(isMarkedRevoked(before[0]!)).toBe(true);
  });

  test("the replaced session and expired sessions do not count", async () => {
    const { id: userId, email } = await newAccount();
    await sessionsFor(userId, 99);
    await existingSession(database.db, { userId, createdAt: later(-86_400), idleExpiresAt: later(-1) });
    const { cookies, access } = await attempt(email);
    const before = await idsBySeen(userId);
    const replacing = await attempt(email, { presented: cookies[1]!.value, now: later(10) });
    const kept = before.filter((id) => id !== access.sessionId);
    expect(await idsBySeen(userId)).toEqual([...kept, replacing.access.sessionId]);
  });

  test("two concurrent logins on two instances at 99 sessions leave 100", async () => {
    const elsewhere = connect(database.url);
    for (let round = 0; round < 20; round++) {
      const { id: userId, email } = await newAccount();
      await sessionsFor(userId, 99);
      const user = { id: userId, email, fullName: "", role: "user", emailVerifiedAt: null, sessionEpoch: 0 };
      await Promise.all([database.db, elsewhere].map((db) => openSession(db, user, true, ADA, T0)));
      expect(await sessionsOf(userId)).toHaveLength(100);
    }
    await elsewhere.destroy();
  });

  test("an account with 20,000 sessions from before the limit is left with 100", { timeout: 120_000 }, async () => {
    const { id: userId, email } = await newAccount();
    for (let count = 0; count < 20; count++) await sessionsFor(userId, 1000);
    const { access } = await attempt(email, { now: later(10) });
    const left = await idsBySeen(userId);
    expect(left).toHaveLength(100);
    expect(left.at(-1)).toBe(access.sessionId);
  });
});

describe("login: a session whose tokens cannot reach the client", () => {
  const isOver = (id: string) =>
    vi.waitFor(async () => {
      expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "never delivered" });
    }, 30_000);

  test("is not opened if the client has already disconnected", async () => {
    const { id, email } = await newAccount();
    const gone = { requestId: "gone", isAborted: true } as const;
    expect(await reasonOf(requestState.run(gone, () => attempt(email)))).toBe("UNAVAILABLE");
    expect(await sessionsOf(id)).toEqual([]);
  });

  test("is revoked if the client disconnects before the response is sent, and not after", async () => {
    const { email } = await newAccount();
    const [lost, received] = [{ requestId: "lost" }, { requestId: "received" }];
    const first = await requestState.run(lost, () => attempt(email));
    const second = await requestState.run(received, () => attempt(email));
    recordAborted(lost, false);
    recordAborted(received, true);
    await isOver(first.access.sessionId);
    expect((await readSession(database.db, second.access.sessionId)).revokedAt).toBeNull();
  });
});
