import { sql } from "kysely";
import { afterEach, describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { withKeyedMutex } from "@/db/keyed-mutex";
import { atOnce, existingUser, lockTable, useTestDatabase } from "@/db/testing";
import { closeDatabase } from "@/server/runtime/database";
import { requestState, type RequestState } from "@/server/runtime/request-state";
import { securityCounts } from "@/server/runtime/security-events";
import type { Access } from "@/server/auth/tokens/access-token";
import type { Caller } from "@/server/auth/policy/credentials";
import { changePassword } from "@/server/auth/login/change-password";
import { later, NEW_PASSWORD, PASSWORD, reasonOf, T0, logIn as login } from "@/server/auth/db-testing";
import { hashLimiter } from "@/server/runtime/concurrency-limiter";
import { hitCounter } from "./hit-counter";
import { hashPassword } from "@/server/auth/passwords/password";
import { accountFailureLimit, consume, consumePasswordAttempt } from "./rate-limit";
import { register } from "@/server/auth/login/register";
import { newClient } from "@/server/auth/testing";

const database = useTestDatabase();
const passwordHash = await hashPassword(PASSWORD);

/** One instance of the app, with a circuit breaker of its own. */
function newInstance(options = {}) {
  const db = connect(database.url, options);
  onEnd.push(async () => {
    // Pending decrements of one test must not change the counts of the next.
    await hitCounter(db).flush();
    await db.destroy();
  });
  const attempt = (email: string, password = PASSWORD, now = T0, client = newClient()) =>
    login(db, { email, password, remember: true }, client, null, now);
  return { db, attempt };
}

async function lockLimits() {
  const lock = await lockTable(database.url, "rate_limits");
  let isHeld = true;
  const release = async () => {
    if (isHeld) await lock.release();
    isHeld = false;
  };
  onEnd.unshift(release);
  return release;
}

const onEnd: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of onEnd.splice(0)) await end();
});

const newAccount = () => existingUser(database.db, { passwordHash });
const newEmail = () => `${crypto.randomUUID()}@example.test`;

function callerIn({ user, sessionId }: Access): Caller {
  return {
    user,
    session: { id: sessionId, expiresAt: "", refreshAt: "" },
    authenticatedAt: T0,
    authenticationMethods: ["pwd"],
    isEmailVerified: false,
    mustVerifyEmail: false,
  };
}

/** The number of each outcome. */
function tally(outcomes: string[]): Record<string, number> {
  return outcomes.reduce<Record<string, number>>((sum, one) => ({ ...sum, [one]: (sum[one] ?? 0) + 1 }), {});
}

test("rate limit: two instances with clocks 40 ms apart reuse each hit that leaves the window exactly once", async () => {
  const instances = [newInstance().db, newInstance().db];
  for (let round = 0; round < 2; round++) {
    const allowance = accountFailureLimit(newEmail());
    const end = later(allowance.limit.windowSeconds);
    for (let hit = 0; hit < 10; hit++) await consume(instances[hit % 2]!, allowance, hit < 5 ? T0 : later(60));
    const passed = await atOnce(40, async (index) => {
      const now = new Date(end.getTime() + ((index * 17) % 40) * 3 - 60 + (index % 2) * 40);
      return consume(instances[index % 2]!, allowance, now).then(
        () => now,
        () => null,
      );
    });
    const times = passed.filter((now) => now !== null);
    expect(times).toHaveLength(5);
    for (const now of times) expect(now.getTime()).toBeGreaterThanOrEqual(end.getTime());
  }
});

describe("while the rate limit table is locked", () => {
  test("logins, registrations and password changes succeed, and guesses stay bounded", async () => {
    const { db, attempt } = newInstance();
    const [user, target] = [await newAccount(), await newAccount()];
    for (let count = 0; count < 3; count++) await reasonOf(attempt(target.email, "wrong"));
    await lockLimits();

    const { access } = await attempt(user.email);
    const person = { email: newEmail(), fullName: "Somebody New", password: NEW_PASSWORD, remember: true };
    expect((await register(db, person, newClient(), null, T0)).access.user.email).toBe(person.email);
    await changePassword(
      db,
      callerIn(access),
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      newClient(),
      T0,
    );
    const { access: newer } = await attempt(user.email, NEW_PASSWORD);

    // Ten in all, including the three that the table has counted.
    const guesses = await atOnce(30, (index) => reasonOf(attempt(target.email, `guess ${index}`)));
    expect(tally(guesses)).toEqual({ INVALID_CREDENTIALS: 7, RATE_LIMITED: 23 });
    expect(await reasonOf(attempt(target.email))).toBe("RATE_LIMITED");

    // Successful attempts are decremented here as well.
    const { email } = await newAccount();
    for (let count = 0; count < 9; count++) await reasonOf(attempt(email, "wrong"));
    for (let count = 0; count < 3; count++) await attempt(email);
    expect(await reasonOf(attempt(email, "wrong"))).toBe("INVALID_CREDENTIALS");
    expect(await reasonOf(attempt(email))).toBe("RATE_LIMITED");

    const client = newClient();
    const logins = await atOnce(12, () => reasonOf(attempt(newEmail(), "wrong", T0, client)));
    expect(tally(logins)).toEqual({ INVALID_CREDENTIALS: 10, RATE_LIMITED: 2 });
    const weak = () => ({ email: newEmail(), fullName: "X", password: "short", remember: true });
    const registrations = await atOnce(7, () => reasonOf(register(db, weak(), client, null, T0)));
    expect(tally(registrations)).toEqual({ WEAK_PASSWORD: 5, RATE_LIMITED: 2 });
    const changes = await atOnce(12, () =>
      reasonOf(
        changePassword(db, callerIn(newer), { currentPassword: "wrong", newPassword: NEW_PASSWORD }, client, T0),
      ),
    );
    expect(tally(changes)).toEqual({ WRONG_PASSWORD: 10, RATE_LIMITED: 2 });
  });

  test("waiting statements leave the other connections of the pool free", async () => {
    const { db } = newInstance({ poolSize: 5 });
    const { id } = await newAccount();
    await lockLimits();
    let settled = 0;
    const allowances = Array.from({ length: 60 }, () => accountFailureLimit(newEmail()));
    const hits = allowances.map((allowance) => consume(db, allowance, T0).finally(() => (settled += 1)));
    const waiting = async () => {
      const { rows } = await sql<{ Info: string | null }>`show full processlist`.execute(database.db);
      return rows.filter(
        ({ Info }) => Info?.startsWith("insert into") && allowances.some(({ bucket }) => Info.includes(bucket)),
      ).length;
    };
    await vi.waitFor(async () => expect(await waiting()).toBe(4));
    const found = await db.selectFrom("users").select("id").where("id", "=", id).executeTakeFirst();
    expect([found, settled]).toEqual([{ id }, 0]);
    expect(await waiting()).toBe(4);
    await Promise.all(hits);
  });

  test("one request waits for the timeout, the others do not, and each change of state is logged once", async () => {
    const { db } = newInstance();
    // The counting alone: on a busy machine the hash of a login takes longer than the wait.
    const took = async (now: Date) => {
      const startedAt = performance.now();
      await consume(db, accountFailureLimit(newEmail()), now);
      return performance.now() - startedAt;
    };
    const before = securityCounts();
    const said = () => {
      const after = securityCounts();
      return (["rate-limit-degraded", "rate-limit-restored"] as const).map((event) => after[event] - before[event]);
    };
    const release = await lockLimits();
    const first = await took(T0);
    expect(first).toBeGreaterThan(900);
    expect((await took(T0)) + (await took(T0)) + (await took(T0))).toBeLessThan(first);
    expect(said()).toEqual([1, 0]);
    await release();
    await took(later(4));
    expect(said()).toEqual([1, 0]);
    await took(later(10));
    await took(later(10));
    expect(said()).toEqual([1, 1]);
  });
});

test("rate limit: pending decrements are written before the pool is closed", async () => {
  const { db, attempt } = newInstance();
  const accounts = await Promise.all(Array.from({ length: 8 }, newAccount));
  await Promise.all(accounts.map(({ email }) => attempt(email)));
  Object.assign(globalThis, { [Symbol.for("portcullis.database")]: db });
  await closeDatabase();
  const buckets = accounts.map(({ email }) => accountFailureLimit(email).bucket);
  const left = await database.db.selectFrom("rateLimits").select("hits").where("bucket", "in", buckets).execute();
  expect(left.map(({ hits }) => hits)).toEqual(accounts.map(() => 0));
});

test("login: succeeds even if its attempt cannot be decremented", async () => {
  const { db, attempt } = newInstance();
  const { email } = await newAccount();
  let release!: () => void;
  const blocked = new Promise<void>((resolve) => (release = resolve));
  const blockers = Array.from({ length: 2 }, () => hashLimiter().run(() => blocked));
  const counted = () =>
    database.db
      .selectFrom("rateLimits")
      .select(sql<number>`coalesce(sum(hits), 0)`.as("sum"))
      .executeTakeFirstOrThrow()
      .then(({ sum }) => Number(sum));
  const before = await counted();
  const underWay = attempt(email);
  await vi.waitFor(async () => expect(await counted()).toBe(before + 2));
  await lockLimits();
  release();
  await Promise.all(blockers);
  expect((await underWay).access.user.email).toBe(email);
  // The decrement is not awaited, so its failure must be handled where it occurs. Whether the server executes the timed-out
  // statement once the table is free is undefined.
  await hitCounter(db).flush();
});

test("rate limit: too many concurrent hits on one bucket are rejected, and the count in the table stays exact", async () => {
  const { db } = newInstance();
  const allowance = accountFailureLimit(newEmail());
  await consume(db, allowance, T0);
  const before = securityCounts()["rate-limit-degraded"];
  let pass!: () => void;
  const crowd = withKeyedMutex(db, allowance.bucket, () => new Promise<void>((resolve) => (pass = resolve)));
  await expect(consume(db, allowance, T0)).rejects.toMatchObject({ code: "MUTEX_TIMEOUT" });
  pass();
  await crowd;
  expect((await consume(db, allowance, T0)).hits).toBe(2);
  expect(securityCounts()["rate-limit-degraded"]).toBe(before);
});

test("login: beyond the account's limit every device has a limit of its own, and only a known device may succeed", async () => {
  const { db } = newInstance();
  const email = newEmail();
  for (let hit = 0; hit < 10; hit++) await consumePasswordAttempt(db, email, null, newClient(), T0);
  const guesses = await atOnce(4, (index) =>
    consumePasswordAttempt(db, email, index === 0 ? "a session" : null, newClient(), T0),
  );
  expect(new Set(guesses.map(({ hit }) => hit.bucket)).size).toBe(4);
  expect(guesses.map(({ maySucceed }) => maySucceed)).toEqual([true, false, false, false]);
  expect(guesses.map(({ hit }) => hit.hits)).toEqual([1, 1, 1, 1]);
});

test("login: a client that holds the lock of one bucket does not block logins", async () => {
  const { attempt } = newInstance();
  const { email } = await newAccount();
  await reasonOf(attempt(email, "wrong"));
  const { bucket } = accountFailureLimit(email);
  await database.db.transaction().execute(async (stuck) => {
    await stuck.selectFrom("rateLimits").select("hits").where("bucket", "=", bucket).forUpdate().execute();
    await attempt(email);
    await attempt((await newAccount()).email);
  });
});

describe("the RateLimit headers", () => {
  /** The quota recorded for the response headers by `run`. */
  async function quotaAfter(run: () => Promise<unknown>) {
    const notes: RequestState = { requestId: "request-1" };
    await requestState.run(notes, run).catch(() => {});
    return notes.quota && { ...notes.quota };
  }

  test("show the address's limit for an allowed login, and the account's once that refuses", async () => {
    const { attempt } = newInstance();
    const { email } = await newAccount();
    const client = newClient();
    const quota = (remaining: number) => ({ isExceeded: false, limit: 10, remaining, resetSeconds: 60 });
    expect(await quotaAfter(() => attempt(email, PASSWORD, T0, client))).toEqual(quota(9));
    expect(await quotaAfter(() => attempt(email, "wrong", T0, client))).toEqual(quota(8));
    expect(await quotaAfter(() => attempt(newEmail(), "wrong", T0, client))).toEqual(quota(7));
    for (let count = 0; count < 10; count++) await reasonOf(attempt(email, "wrong"));
    const refused = { isExceeded: true, limit: 10, remaining: 0, resetSeconds: 870 };
    expect(await quotaAfter(() => attempt(email, "wrong", later(30)))).toEqual(refused);
  });

  test("show five registrations a minute, then how long to wait", async () => {
    const { db } = newInstance();
    const client = newClient();
    const weak = () => ({ email: newEmail(), fullName: "X", password: "short", remember: true });
    const remaining = [];
    for (let count = 0; count < 6; count++) {
      remaining.push(await quotaAfter(() => register(db, weak(), client, null, later(count))));
    }
    expect(remaining.map((quota) => quota?.remaining)).toEqual([4, 3, 2, 1, 0, 0]);
    expect(remaining[5]).toEqual({ isExceeded: true, limit: 5, remaining: 0, resetSeconds: 55 });
  });

  test("show the user's own failures for a password change", async () => {
    const { db, attempt } = newInstance();
    const client = newClient();
    const { access } = await attempt((await newAccount()).email, PASSWORD, T0, client);
    const wrong = { currentPassword: "wrong", newPassword: NEW_PASSWORD };
    const quota = await quotaAfter(() => changePassword(db, callerIn(access), wrong, client, T0));
    expect(quota).toEqual({ isExceeded: false, limit: 10, remaining: 9, resetSeconds: 900 });
  });
});
