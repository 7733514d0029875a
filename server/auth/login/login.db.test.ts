import { hash } from "@node-rs/argon2";
import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { DatabaseFault } from "@/db/faults";
import { atOnce, existingSession, newSession, readSession } from "@/db/testing";
import { findUserForLogin } from "@/db/tables/users";
import { recordAborted, requestState } from "@/server/runtime/request-state";
import { readAccessToken } from "@/server/auth/tokens/access-token";
import { countStatements, later, PASSWORD, reasonOf, signedInSession, T0 } from "@/server/auth/db-testing";
import { emailAddress } from "./email-address";
import { hashLimiter } from "@/server/runtime/concurrency-limiter";
import { hitCounter } from "@/server/auth/rate-limits/hit-counter";
import { loginInput } from "./inputs";
import { login } from "./login";
import { logoutEverywhere } from "./logout";
import { openSession } from "@/server/auth/sessions/open-session";
import { hashPassword, needsRehash } from "@/server/auth/passwords/password";
import { Refusal } from "@/server/auth/policy/refusals";
import { readRefreshToken } from "@/server/auth/tokens/refresh-token";
import { refresh } from "@/server/auth/sessions/refresh";
import { isMarkedRevoked } from "@/server/auth/sessions/revocation-feed";
import { ADA, clientAt, MALLORY, newClient } from "@/server/auth/testing";
import { useLogins } from "./testing";

const DEVICE = { ip: ADA.address, browser: ADA.browser, os: ADA.os };

const { database, attempt, newAccount, sessionsOf, failUntil } = useLogins();

const newEmail = () => `${crypto.randomUUID()}@example.test`;

describe("login with the right password", () => {
  test("opens a session for this device and sets both cookies", async () => {
    const user = await newAccount({ role: "admin" });
    const { access, cookies } = await attempt(user.email, { client: ADA });
    expect(access.user).toEqual({ id: user.id, email: user.email, fullName: user.fullName, role: "admin" });
    expect(access.authenticatedAt).toEqual(new Date("2026-11-21T12:00:00Z"));
    expect(cookies.map(({ name }) => name)).toEqual(["__acc", "__ref"]);
    expect(cookies.map(({ maxAgeSeconds }) => Math.round(maxAgeSeconds!))).toEqual([540, 604_800]);
    expect(await readAccessToken(cookies[0]!.value, ADA, T0)).toEqual(access);
    expect(await readSession(database.db, access.sessionId)).toMatchObject({
      userId: user.id,
      generation: 0,
      ip: ADA.address,
      browser: "Firefox",
      os: "Linux",
      idleExpiresAt: later(604_800),
      absoluteExpiresAt: later(2_592_000),
    });
  });

  test("sets session cookies if the user is not to be remembered", async () => {
    const { cookies } = await attempt((await newAccount()).email, { remember: false });
    expect(cookies.map(({ maxAgeSeconds }) => maxAgeSeconds)).toEqual([null, null]);
  });

  test("rehashes a password stored with outdated argon2 parameters", async () => {
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 });
    const { id, email } = await newAccount({ passwordHash: weak });
    await attempt(email);
    const stored = await database.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    expect(needsRehash(weak)).toBe(true);
    expect(needsRehash(stored.passwordHash)).toBe(false);
    expect(stored.sessionEpoch).toBe(0);
    await attempt(email);
  });

  test("does not rehash for a wrong password", async () => {
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 });
    const { id, email } = await newAccount({ passwordHash: weak });
    expect(await reasonOf(attempt(email, { password: "wrong" }))).toBe("INVALID_CREDENTIALS");
    const stored = await database.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    expect(stored.passwordHash).toBe(weak);
  });
});

describe("login with an internationalized email domain", () => {
  const attemptAs = (email: string, password = PASSWORD) =>
    login(database.db, loginInput.parse({ email, password }), newClient(), null, T0).finally(() =>
      hitCounter(database.db).flush(),
    );

  test.each(["p@münchen.example", "P@XN--MNCHEN-3YA.example", "p@MÜNCHEN。example"])(
    "finds the account when the email is sent as %s",
    async (sent) => {
      const email = emailAddress.parse(sent);
      const { id } = (await findUserForLogin(database.db, email, DEVICE)) ?? (await newAccount({ email }));
      expect((await attemptAs(sent)).access.user).toMatchObject({ id, email: "p@münchen.example" });
    },
  );

  test("counts the failures of all spellings together", async () => {
    const sent = ["q@münchen.example", "q@xn--mnchen-3ya.example", "q@XN--mnchen-3ya.Example", "q@MÜNCHEN.example"];
    for (let count = 0; count < 10; count++) {
      expect(await reasonOf(attemptAs(sent[count % 4]!, "wrong"))).toBe("INVALID_CREDENTIALS");
    }
    for (const email of sent) expect(await reasonOf(attemptAs(email, "wrong"))).toBe("RATE_LIMITED");
  });

  test("finds each of two accounts that were registered under the two spellings", async () => {
    const [unicode, ascii] = ["r@münchen.example", "r@xn--mnchen-3ya.example"];
    const [one, other] = [await newAccount({ email: unicode }), await newAccount({ email: ascii })];
    expect((await attemptAs(unicode)).access.user.id).toBe(one.id);
    expect((await attemptAs(ascii.toUpperCase())).access.user.id).toBe(other.id);
  });
});

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

describe("login: refusals do not reveal whether an account exists", () => {
  async function answerTo(email: string, password: string) {
    let answer: Refusal | undefined;
    const statements = await countStatements(database.url, (db) =>
      attempt(email, { password }, db).catch((error: Refusal) => (answer = error)),
    );
    return { reason: answer?.reason, message: answer?.message, details: answer?.details, statements };
  }

  test("an unknown email, a wrong password and a disabled account get the same response after as many statements", async () => {
    const disabled = await newAccount({ disabledAt: T0 });
    const answers = [
      await answerTo((await newAccount()).email, "wrong"),
      await answerTo("nobody@example.test", PASSWORD),
      await answerTo(disabled.email, PASSWORD),
      await answerTo(disabled.email, "wrong"),
      await answerTo("", PASSWORD),
    ];
    expect(answers[0]).toMatchObject({ reason: "INVALID_CREDENTIALS", details: {} });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  test("an unknown email costs a password hash, too", async () => {
    const { email } = await newAccount();
    const took = async (asked: string) => {
      const startedAt = performance.now();
      expect(await reasonOf(attempt(asked, { password: "wrong" }))).toBe("INVALID_CREDENTIALS");
      return performance.now() - startedAt;
    };
    // The fastest of several: other load only adds time.
    let [known, unknown] = [Infinity, Infinity];
    for (let count = 0; count < 4; count++) {
      known = Math.min(known, await took(email));
      unknown = Math.min(unknown, await took("nobody-either@example.test"));
    }
    expect(unknown).toBeGreaterThan(known / 2);
  });

  test("an account is not found by a similar email", async () => {
    const { email } = await newAccount({ email: "admin@case.test" });
    for (const other of ["ádmin@case.test", "ADMIN@case.test", "admin@case.test\u0000", "%"]) {
      expect(await reasonOf(attempt(other)), other).toBe("INVALID_CREDENTIALS");
    }
    await attempt(email);
  });
});

describe("login: the limit of failures per account", () => {
  test("of a hundred concurrent guesses with one attempt left exactly one is evaluated", async () => {
    const { id, email } = await newAccount();
    await failUntil(email, 1);
    const elsewhere = connect(database.url);
    const reasons = await atOnce(100, (index) =>
      reasonOf(
        attempt(email, { password: `guess ${index}` }, index % 2 ? elsewhere : database.db).catch((error: unknown) => {
          // On a slow machine some time out waiting for the bucket: refused as well, and not evaluated.
          throw error instanceof DatabaseFault && error.code === "MUTEX_TIMEOUT" ? new Refusal("RATE_LIMITED") : error;
        }),
      ),
    );
    await elsewhere.destroy();
    expect(reasons.filter((reason) => reason === "INVALID_CREDENTIALS")).toHaveLength(1);
    expect(reasons.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(99);
    expect(await reasonOf(attempt(email))).toBe("RATE_LIMITED");
    expect(await sessionsOf(id)).toEqual([]);
  });

  test("successful logins are not counted", async () => {
    const { email } = await newAccount();
    await failUntil(email, 1);
    for (let count = 0; count < 3; count++) await attempt(email);
  });

  test("failures of unknown emails are counted, so that the limit does not reveal accounts", async () => {
    await failUntil("unknown@example.test", 0);
    expect(await reasonOf(attempt("unknown@example.test"))).toBe("RATE_LIMITED");
  });

  test("failures count for 15 minutes, and the refusal says how long to wait", async () => {
    const { email } = await newAccount();
    await failUntil(email, 0);
    const refused = (await attempt(email, { now: later(60) }).catch((error: unknown) => error)) as Refusal;
    expect(refused).toMatchObject({ reason: "RATE_LIMITED", details: { retryAfterSeconds: 840 } });
    expect(await reasonOf(attempt(email, { now: later(899) }))).toBe("RATE_LIMITED");
    await attempt(email, { now: later(901) });
  });

  test("failures from unknown devices do not lock out a known device", async () => {
    const { email } = await newAccount();
    await attempt(email, { client: ADA });
    await failUntil(email, 0);
    expect(await reasonOf(attempt(email))).toBe("RATE_LIMITED");
    await attempt(email, { client: ADA, now: later(61) });
  });

  test("a known device has ten failures of its own after the account's ten; then the right password is refused", async () => {
    const { email } = await newAccount();
    const home = newClient();
    await attempt(email, { client: home });
    const guess = (count: number) =>
      reasonOf(attempt(email, { client: home, password: "wrong", now: later(61 + count * 10) }));
    for (let count = 0; count < 10; count++) expect(await guess(count)).toBe("INVALID_CREDENTIALS");
    for (let count = 10; count < 19; count++) expect(await guess(count)).toBe("RATE_LIMITED");
    await attempt(email, { client: home, now: later(300) });
    expect(await guess(24)).toBe("RATE_LIMITED");
    expect(await reasonOf(attempt(email, { client: home, now: later(310) }))).toBe("RATE_LIMITED");
    // The first failure of the account has left the window.
    await attempt(email, { client: home, now: later(961) });
  });

  test("of twenty guesses around a 15-minute boundary ten are evaluated", async () => {
    const { email } = await newAccount();
    await reasonOf(attempt(email, { password: "wrong" }));
    const evaluated = [];
    for (let count = 0; count < 20; count++) {
      const now = later(count < 9 ? 898 : 902);
      const reason = await reasonOf(attempt(email, { password: "wrong", now }));
      if (reason === "INVALID_CREDENTIALS") evaluated.push(now);
    }
    expect(evaluated).toEqual([...Array<Date>(9).fill(later(898)), later(902)]);
  });

  test("the owner on a new network is told the cause and the time to wait, and can log in after it", async () => {
    const { email } = await newAccount();
    await failUntil(email, 0);
    const refused = (await attempt(email, { now: later(59) }).catch((error: unknown) => error)) as Refusal;
    expect(refused.message).toBe(
      "Too many wrong passwords were tried for this account. Wait 15 minutes before the next attempt.",
    );
    await attempt(email, { now: later(59 + refused.details.retryAfterSeconds!) });
  });

  test("the limits of the account and of the address have different messages", async () => {
    const client = newClient();
    for (let count = 0; count < 10; count++) await reasonOf(attempt(newEmail(), { client, password: "wrong" }));
    const refused = (await attempt(newEmail(), { client }).catch((error: unknown) => error)) as Refusal;
    expect(refused.message).toBe("Too many attempts. Please wait a moment.");
  });

  test("the limit of a known device is counted by session: stolen tokens gain no attempts from other addresses and user agents", async () => {
    const { email, id } = await newAccount();
    let token = (await attempt(email, { client: newClient() })).cookies[1]!.value;
    await failUntil(email, 0);
    for (let count = 0; count < 12; count++) {
      const now = later(40 * (count + 1));
      const client = newClient(`program-${count}/1.0`);
      const outcome = await refresh(database.db, token, client, now);
      if (outcome.kind !== "refreshed") throw new Error(`refresh ${count}: ${outcome.kind}`);
      token = outcome.cookies[1]!.value;
      const password = count < 10 ? "wrong" : PASSWORD;
      expect(await reasonOf(attempt(email, { client, password, now })), `guess ${count}`).toBe("RATE_LIMITED");
    }
    expect(await sessionsOf(id)).toHaveLength(1);
  });
});

describe("login: failed attempts do not reveal whether a device is known to an account", () => {
  /** The responses to failed attempts from `here` and elsewhere in this order. */
  async function seen(isKnown: boolean, attempts: ("here" | "elsewhere")[]) {
    const { email } = await newAccount();
    const here = newClient();
    if (isKnown) await attempt(email, { client: here });
    const answers = [];
    for (const [index, place] of attempts.entries()) {
      const client = place === "here" ? here : newClient();
      const now = later(index * 10);
      let answer: unknown;
      const statements = await countStatements(database.url, async (db) => {
        answer = await attempt(email, { client, password: "wrong", now }, db).catch((error: unknown) => error);
      });
      const { reason, message, details } = answer as Refusal;
      answers.push({ reason, message, details, statements });
    }
    return answers;
  }

  test.each<[string, ("here" | "elsewhere")[]]>([
    [
      "from the device after ten failures elsewhere",
      [...Array<"elsewhere">(10).fill("elsewhere"), "here", "here", "elsewhere"],
    ],
    ["elsewhere after ten failures from the device", [...Array<"here">(10).fill("here"), "elsewhere", "here"]],
    ["from the device until both limits are exhausted", Array<"here">(22).fill("here")],
  ])("%s", async (_, attempts) => {
    const known = await seen(true, attempts);
    expect(known.at(-1)!.reason).toBe("RATE_LIMITED");
    expect(await seen(false, attempts)).toEqual(known);
  });

  test("a refused attempt costs a password hash on known and unknown devices", async () => {
    const { email } = await newAccount();
    const home = newClient();
    await attempt(email, { client: home });
    await failUntil(email, 0);
    const hashes = vi.spyOn(hashLimiter(), "run");
    for (const client of [home, newClient(), newClient()]) {
      hashes.mockClear();
      expect(await reasonOf(attempt(email, { client, password: "wrong", now: later(61) }))).toBe("RATE_LIMITED");
      expect(hashes).toHaveBeenCalledTimes(1);
    }
    hashes.mockRestore();
  });

  test("a device is not known by its address alone", async () => {
    const { email } = await newAccount();
    await attempt(email, { client: ADA });
    await failUntil(email, 0);
    expect(await reasonOf(attempt(email, { client: { ...MALLORY, address: ADA.address } }))).toBe("RATE_LIMITED");
  });
});

describe("login: the limit of attempts per address", () => {
  test("one address has ten attempts a minute for any email, right or wrong; other addresses are not affected", async () => {
    const { email } = await newAccount();
    const client = newClient();
    for (let count = 0; count < 5; count++) await attempt(email, { client });
    for (let count = 0; count < 5; count++) await reasonOf(attempt(`${count}@example.test`, { client, password: "x" }));
    expect(await reasonOf(attempt(email, { client }))).toBe("RATE_LIMITED");
    await attempt(email);
    await attempt(email, { client, now: later(61) });
  });

  test("an IPv6 /48 has twice the limit of a /64, whichever of its /64s the attempts come from", async () => {
    const site = `2001:db8:${(Date.now() % 0xffff).toString(16)}`;
    const attempts = await atOnce(24, (index) =>
      reasonOf(attempt(`${index}@site.test`, { client: clientAt(`${site}:${index + 1}::1`), password: "x" })),
    );
    expect(attempts.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(4);
    await reasonOf(attempt("v6@site.test", { client: clientAt("2001:db8:ffff:1::1"), password: "x" })).then((reason) =>
      expect(reason).toBe("INVALID_CREDENTIALS"),
    );
  });

  test("of twenty attempts around a minute boundary ten pass", async () => {
    const client = newClient();
    const reasons = [];
    for (let count = 0; count < 20; count++) {
      const now = later(count < 10 ? 59 : 61);
      reasons.push(await reasonOf(attempt(`${count}@window.test`, { client, password: "x", now })));
    }
    expect(reasons.filter((reason) => reason === "INVALID_CREDENTIALS")).toHaveLength(10);
  });

  test("IPv6 addresses are counted by /64", async () => {
    const attempts = await atOnce(12, (index) =>
      reasonOf(attempt("v6@example.test", { client: clientAt(`2001:db8:9:9::${index + 1}`), password: "x" })),
    );
    expect(attempts.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(2);
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
      const user = { id: userId, email, fullName: "", role: "user", sessionEpoch: 0 };
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

test("login: makes five statements, also when it replaces a session", async () => {
  const { email } = await newAccount();
  expect(await countStatements(database.url, (db) => attempt(email, {}, db))).toBe(5);
  const { refreshToken } = await signedInSession(database.db, T0);
  const replacing = (db: typeof database.db) => attempt(email, { presented: refreshToken, now: later(10) }, db);
  expect(await countStatements(database.url, replacing)).toBe(5);
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

test("login: unusual names and user agents are stored or truncated and cause no error", async () => {
  const email = `${"é".repeat(120)}@example.test`;
  const user = await newAccount({ email, fullName: "👩‍👩‍👧‍👦 𝒜𝒹𝒶".repeat(5) });
  const odd = clientAt("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", `${"🦊".repeat(600)}\ud800`);
  const { access, cookies } = await attempt(email, { client: odd });
  expect(access.user).toMatchObject({ email, fullName: user.fullName });
  const stored = await readSession(database.db, access.sessionId);
  expect([...stored.userAgent].length).toBeLessThanOrEqual(512);
  expect(await readRefreshToken(cookies[1]!.value, T0)).not.toBeNull();
  expect((await refresh(database.db, cookies[1]!.value, odd, later(600))).kind).toBe("refreshed");
});
