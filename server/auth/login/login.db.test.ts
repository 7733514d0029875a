import "@/server/runtime/testing-env";
import { hash } from "@node-rs/argon2";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { DatabaseFault } from "@/db/faults";
import {
  atOnce,
  createTestDatabase,
  existingSession,
  existingUser,
  newSession,
  readSession,
  type TestDatabase,
} from "@/db/testing";
import { findUserForLogin } from "@/db/tables/users";
import { recordAborted, requestState } from "@/server/runtime/request-state";
import { readAccessToken } from "@/server/auth/tokens/access-token";
import { countStatements, reasonOf, signedInSession } from "@/server/auth/db-testing";
import { emailAddress } from "./email-address";
import { hashLimiter } from "@/server/runtime/concurrency-limiter";
import { hitCounter } from "@/server/auth/rate-limits/hit-counter";
import { loginInput } from "./inputs";
import { login } from "./login";
import { logoutEverywhere } from "./logout";
import { openSession } from "@/server/auth/sessions/open-session";
import { hashPassword, needsRehash } from "@/server/auth/passwords/password";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { Refusal } from "@/server/auth/policy/refusals";
import { readRefreshToken } from "@/server/auth/tokens/refresh-token";
import { refresh } from "@/server/auth/sessions/refresh";
import { isKnownToBeRevoked } from "@/server/auth/sessions/revocation-feed";
import { ADA, clientAt, MALLORY, newClient } from "@/server/auth/testing";

const PASSWORD = "correct horse battery staple";
const DEVICE = { ip: ADA.address, browser: ADA.browser, os: ADA.os };
const T0 = new Date("2026-11-21T12:00:00.250Z");
const later = (seconds: number) => secondsAfter(T0, seconds);

let database: TestDatabase;
let passwordHash: string;
beforeAll(async () => {
  database = await createTestDatabase();
  passwordHash = await hashPassword(PASSWORD);
});
afterAll(() => database.drop());

interface Attempt {
  password?: string;
  client?: typeof ADA;
  presented?: string | null;
  remember?: boolean;
  now?: Date;
}

function attempt(email: string, given: Attempt = {}, db = database.db) {
  const { password = PASSWORD, client = newClient(), presented = null, remember = true, now = T0 } = given;
  // What follows counts on what a login gives back, which it does not wait for itself.
  return login(db, { email, password, remember }, client, presented, now).finally(() => hitCounter(db).flush());
}

const somebody = (given = {}) => existingUser(database.db, { passwordHash, ...given });
const newEmail = () => `${crypto.randomUUID()}@example.test`;
const sessionsOf = (userId: string) =>
  database.db.selectFrom("sessions").selectAll().where("userId", "=", userId).where("revokedAt", "is", null).execute();

/** Leaves `left` of the failures that an account is allowed from strangers. */
async function failUntil(email: string, left: number) {
  for (let count = 10; count > left; count--) {
    expect(await reasonOf(attempt(email, { password: "wrong" }))).toBe("INVALID_CREDENTIALS");
  }
}

describe("whoever knows email and password", () => {
  test("is signed in by a session of this device, with both cookies", async () => {
    const user = await somebody({ role: "admin" });
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

  test("and does not want to be remembered gets cookies that end with the browser", async () => {
    const { cookies } = await attempt((await somebody()).email, { remember: false });
    expect(cookies.map(({ maxAgeSeconds }) => maxAgeSeconds)).toEqual([null, null]);
  });

  test("gets a hash of today's parameters, by the way, and keeps the password", async () => {
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 });
    const { id, email } = await somebody({ passwordHash: weak });
    await attempt(email);
    const stored = await database.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    expect(needsRehash(weak)).toBe(true);
    expect(needsRehash(stored.passwordHash)).toBe(false);
    expect(stored.sessionEpoch).toBe(0);
    await attempt(email);
  });

  test("is not rehashed for a wrong password", async () => {
    const weak = await hash(PASSWORD, { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 });
    const { id, email } = await somebody({ passwordHash: weak });
    expect(await reasonOf(attempt(email, { password: "wrong" }))).toBe("INVALID_CREDENTIALS");
    const stored = await database.db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    expect(stored.passwordHash).toBe(weak);
  });
});

describe("an email whose domain has two spellings", () => {
  const attemptAs = (email: string, password = PASSWORD) =>
    login(database.db, loginInput.parse({ email, password }), newClient(), null, T0).finally(() =>
      hitCounter(database.db).flush(),
    );

  test.each(["p@münchen.example", "P@XN--MNCHEN-3YA.example", "p@MÜNCHEN。example"])(
    "signs its account in when it is sent as %s",
    async (sent) => {
      const email = emailAddress.parse(sent);
      const { id } = (await findUserForLogin(database.db, email, DEVICE)) ?? (await somebody({ email }));
      expect((await attemptAs(sent)).access.user).toMatchObject({ id, email: "p@münchen.example" });
    },
  );

  test("has one allowance of failures for all of them", async () => {
    const sent = ["q@münchen.example", "q@xn--mnchen-3ya.example", "q@XN--mnchen-3ya.Example", "q@MÜNCHEN.example"];
    for (let count = 0; count < 10; count++) {
      expect(await reasonOf(attemptAs(sent[count % 4]!, "wrong"))).toBe("INVALID_CREDENTIALS");
    }
    for (const email of sent) expect(await reasonOf(attemptAs(email, "wrong"))).toBe("RATE_LIMITED");
  });

  test("leads each of two accounts that were registered under one spelling each to its own", async () => {
    const [unicode, ascii] = ["r@münchen.example", "r@xn--mnchen-3ya.example"];
    const [one, other] = [await somebody({ email: unicode }), await somebody({ email: ascii })];
    expect((await attemptAs(unicode)).access.user.id).toBe(one.id);
    expect((await attemptAs(ascii.toUpperCase())).access.user.id).toBe(other.id);
  });
});

describe("the session that this browser had before", () => {
  test.each(["of the same account", "of another account"])("%s ends", async (whose) => {
    const user = await somebody();
    const before = await signedInSession(database.db, T0);
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

  test("ends too when the browser still has its previous token", async () => {
    const user = await somebody();
    const before = await signedInSession(database.db, T0);
    await refresh(database.db, before.refreshToken, ADA, later(600));
    await attempt(user.email, { presented: before.refreshToken, now: later(610) });
    expect(await readSession(database.db, before.id)).toMatchObject({ revokedReason: "replaced by login" });
  });

  test("goes on when the login is refused", async () => {
    const user = await somebody();
    const before = await signedInSession(database.db, T0);
    expect(await reasonOf(attempt(user.email, { password: "wrong", presented: before.refreshToken }))).toBe(
      "INVALID_CREDENTIALS",
    );
    expect((await readSession(database.db, before.id)).revokedAt).toBeNull();
  });

  test("may be garbage or long over", async () => {
    const user = await somebody();
    const before = await signedInSession(database.db, T0);
    await attempt(user.email, { presented: "garbage" });
    await attempt(user.email, { presented: before.refreshToken, now: later(8 * 86_400) });
  });
});

describe("everybody else is told the same", () => {
  async function answerTo(email: string, password: string) {
    let answer: Refusal | undefined;
    const statements = await countStatements(database.url, (db) =>
      attempt(email, { password }, db).catch((error: Refusal) => (answer = error)),
    );
    return { reason: answer?.reason, message: answer?.message, details: answer?.details, statements };
  }

  test("for an unknown email, a wrong password and a disabled account: one answer, and as many statements", async () => {
    const disabled = await somebody({ disabledAt: T0 });
    const answers = [
      await answerTo((await somebody()).email, "wrong"),
      await answerTo("nobody@example.test", PASSWORD),
      await answerTo(disabled.email, PASSWORD),
      await answerTo(disabled.email, "wrong"),
      await answerTo("", PASSWORD),
    ];
    expect(answers[0]).toMatchObject({ reason: "INVALID_CREDENTIALS", details: {} });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  test("and an unknown email takes its hash as well", async () => {
    const { email } = await somebody();
    const took = async (asked: string) => {
      const startedAt = performance.now();
      expect(await reasonOf(attempt(asked, { password: "wrong" }))).toBe("INVALID_CREDENTIALS");
      return performance.now() - startedAt;
    };
    // The fastest of several: a busy machine only ever adds.
    let [known, unknown] = [Infinity, Infinity];
    for (let count = 0; count < 4; count++) {
      known = Math.min(known, await took(email));
      unknown = Math.min(unknown, await took("nobody-either@example.test"));
    }
    expect(unknown).toBeGreaterThan(known / 2);
  });

  test("an account is not found by another spelling of its address", async () => {
    const { email } = await somebody({ email: "admin@case.test" });
    for (const other of ["ádmin@case.test", "ADMIN@case.test", "admin@case.test\u0000", "%"]) {
      expect(await reasonOf(attempt(other)), other).toBe("INVALID_CREDENTIALS");
    }
    await attempt(email);
  });
});

describe("failures are counted", () => {
  test("of a hundred guesses at once with one left, exactly one is evaluated", async () => {
    const { id, email } = await somebody();
    await failUntil(email, 1);
    const elsewhere = connect(database.url);
    const reasons = await atOnce(100, (index) =>
      reasonOf(
        attempt(email, { password: `guess ${index}` }, index % 2 ? elsewhere : database.db).catch((error: unknown) => {
          // On a slow machine some wait too long for the row of the counter: refused as well, and not evaluated.
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

  test("not the successes: whoever knows the password may come as often as they like", async () => {
    const { email } = await somebody();
    await failUntil(email, 1);
    for (let count = 0; count < 3; count++) await attempt(email);
  });

  test("for unknown emails as well, so that the limit tells nothing", async () => {
    await failUntil("unknown@example.test", 0);
    expect(await reasonOf(attempt("unknown@example.test"))).toBe("RATE_LIMITED");
  });

  test("for a quarter of an hour, and the answer says how long", async () => {
    const { email } = await somebody();
    await failUntil(email, 0);
    const refused = (await attempt(email, { now: later(60) }).catch((error: unknown) => error)) as Refusal;
    expect(refused).toMatchObject({ reason: "RATE_LIMITED", details: { retryAfterSeconds: 840 } });
    expect(await reasonOf(attempt(email, { now: later(899) }))).toBe("RATE_LIMITED");
    await attempt(email, { now: later(901) });
  });

  test("of strangers, and the owner's device is not locked out by them", async () => {
    const { email } = await somebody();
    await attempt(email, { client: ADA });
    await failUntil(email, 0);
    expect(await reasonOf(attempt(email))).toBe("RATE_LIMITED");
    await attempt(email, { client: ADA, now: later(61) });
  });

  test("of the known device too: after ten of the account and ten of its own, the right password is refused there", async () => {
    const { email } = await somebody();
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

  test("ten at the end of one quarter of an hour and ten at the beginning of the next: ten are evaluated", async () => {
    const { email } = await somebody();
    await reasonOf(attempt(email, { password: "wrong" }));
    const evaluated = [];
    for (let count = 0; count < 20; count++) {
      const now = later(count < 9 ? 898 : 902);
      const reason = await reasonOf(attempt(email, { password: "wrong", now }));
      if (reason === "INVALID_CREDENTIALS") evaluated.push(now);
    }
    expect(evaluated).toEqual([...Array<Date>(9).fill(later(898)), later(902)]);
  });

  test("and the owner on a new network is told why and how long, and passes then", async () => {
    const { email } = await somebody();
    await failUntil(email, 0);
    const refused = (await attempt(email, { now: later(59) }).catch((error: unknown) => error)) as Refusal;
    expect(refused.message).toBe(
      "Too many wrong passwords were tried for this account. Wait 15 minutes before the next attempt.",
    );
    await attempt(email, { now: later(59 + refused.details.retryAfterSeconds!) });
  });

  test("for the account, whatever an address is limited to: the messages differ", async () => {
    const client = newClient();
    for (let count = 0; count < 10; count++) await reasonOf(attempt(newEmail(), { client, password: "wrong" }));
    const refused = (await attempt(newEmail(), { client }).catch((error: unknown) => error)) as Refusal;
    expect(refused.message).toBe("Too many attempts. Please wait a moment.");
  });

  test("for a session's device by its session: a holder of its tokens gains nothing from other addresses and agents", async () => {
    const { email, id } = await somebody();
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

describe("whether an account was used from an address and browser cannot be told by failing there", () => {
  /** What an attacker sees who fails `here` and elsewhere in this order. */
  async function seen(isKnown: boolean, attempts: ("here" | "elsewhere")[]) {
    const { email } = await somebody();
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
    ["there after ten failures elsewhere", [...Array<"elsewhere">(10).fill("elsewhere"), "here", "here", "elsewhere"]],
    ["elsewhere after ten failures there", [...Array<"here">(10).fill("here"), "elsewhere", "here"]],
    ["there until both allowances are used up", Array<"here">(22).fill("here")],
  ])("%s", async (_, attempts) => {
    const known = await seen(true, attempts);
    expect(known.at(-1)!.reason).toBe("RATE_LIMITED");
    expect(await seen(false, attempts)).toEqual(known);
  });

  test("nor by the time it takes: a refused attempt costs a hash on both", async () => {
    const { email } = await somebody();
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
    const { email } = await somebody();
    await attempt(email, { client: ADA });
    await failUntil(email, 0);
    expect(await reasonOf(attempt(email, { client: { ...MALLORY, address: ADA.address } }))).toBe("RATE_LIMITED");
  });
});

describe("attempts are counted by address", () => {
  test("ten a minute, of any email and right or wrong, and none of them for others", async () => {
    const { email } = await somebody();
    const client = newClient();
    for (let count = 0; count < 5; count++) await attempt(email, { client });
    for (let count = 0; count < 5; count++) await reasonOf(attempt(`${count}@example.test`, { client, password: "x" }));
    expect(await reasonOf(attempt(email, { client }))).toBe("RATE_LIMITED");
    await attempt(email);
    await attempt(email, { client, now: later(61) });
  });

  test("by /48 with twice the allowance, whichever /64 of it they come from", async () => {
    const site = `2001:db8:${(Date.now() % 0xffff).toString(16)}`;
    const attempts = await atOnce(24, (index) =>
      reasonOf(attempt(`${index}@site.test`, { client: clientAt(`${site}:${index + 1}::1`), password: "x" })),
    );
    expect(attempts.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(4);
    await reasonOf(attempt("v6@site.test", { client: clientAt("2001:db8:ffff:1::1"), password: "x" })).then((reason) =>
      expect(reason).toBe("INVALID_CREDENTIALS"),
    );
  });

  test("ten at the end of one minute and ten at the beginning of the next: ten pass", async () => {
    const client = newClient();
    const reasons = [];
    for (let count = 0; count < 20; count++) {
      const now = later(count < 10 ? 59 : 61);
      reasons.push(await reasonOf(attempt(`${count}@window.test`, { client, password: "x", now })));
    }
    expect(reasons.filter((reason) => reason === "INVALID_CREDENTIALS")).toHaveLength(10);
  });

  test("by /64 where addresses are plenty", async () => {
    const attempts = await atOnce(12, (index) =>
      reasonOf(attempt("v6@example.test", { client: clientAt(`2001:db8:9:9::${index + 1}`), password: "x" })),
    );
    expect(attempts.filter((reason) => reason === "RATE_LIMITED")).toHaveLength(2);
  });
});

describe("a login under way", () => {
  test("when all sessions are ended opens none: only logins after that survive", async () => {
    const { id: userId, email } = await somebody();
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
    // Both counters are taken: the user was read, and now the password waits to be checked.
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

describe("an account has at most a hundred live sessions", () => {
  /** Seen a minute after one another, the first one longest ago. */
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

  test("login: the hundredth ends none, the hundred and first the one seen least recently", async () => {
    const { id: userId, email } = await somebody();
    await sessionsFor(userId, 99);
    const before = await idsBySeen(userId);
    const hundredth = await attempt(email);
    expect(await idsBySeen(userId)).toEqual([...before, hundredth.access.sessionId]);

    const next = await attempt(email, { now: later(10) });
    expect(await idsBySeen(userId)).toEqual([...before.slice(1), hundredth.access.sessionId, next.access.sessionId]);
    expect(await readSession(database.db, before[0]!)).toMatchObject({ revokedReason: "too many sessions" });
    // Known here before the answer leaves, elsewhere by the feed.
    expect(isKnownToBeRevoked(before[0]!)).toBe(true);
  });

  test("login: a session that it replaces makes room, and what is over does not count", async () => {
    const { id: userId, email } = await somebody();
    await sessionsFor(userId, 99);
    await existingSession(database.db, { userId, createdAt: later(-86_400), idleExpiresAt: later(-1) });
    const { cookies, access } = await attempt(email);
    const before = await idsBySeen(userId);
    const replacing = await attempt(email, { presented: cookies[1]!.value, now: later(10) });
    const kept = before.filter((id) => id !== access.sessionId);
    expect(await idsBySeen(userId)).toEqual([...kept, replacing.access.sessionId]);
  });

  test("login: two at once on two instances, with room for one, leave a hundred", async () => {
    const elsewhere = connect(database.url);
    for (let round = 0; round < 20; round++) {
      const { id: userId, email } = await somebody();
      await sessionsFor(userId, 99);
      const user = { id: userId, email, fullName: "", role: "user", sessionEpoch: 0 };
      await Promise.all([database.db, elsewhere].map((db) => openSession(db, user, true, ADA, T0)));
      expect(await sessionsOf(userId)).toHaveLength(100);
    }
    await elsewhere.destroy();
  });

  test(
    "login: an account with twenty thousand from before the limit is left with a hundred",
    { timeout: 120_000 },
    async () => {
      const { id: userId, email } = await somebody();
      for (let count = 0; count < 20; count++) await sessionsFor(userId, 1000);
      const { access } = await attempt(email, { now: later(10) });
      const left = await idsBySeen(userId);
      expect(left).toHaveLength(100);
      expect(left.at(-1)).toBe(access.sessionId);
    },
  );
});

test("login: costs five statements, also when it ends the session that it replaces", async () => {
  const { email } = await somebody();
  expect(await countStatements(database.url, (db) => attempt(email, {}, db))).toBe(5);
  const { refreshToken } = await signedInSession(database.db, T0);
  const replacing = (db: TestDatabase["db"]) => attempt(email, { presented: refreshToken, now: later(10) }, db);
  expect(await countStatements(database.url, replacing)).toBe(5);
});

describe("a new session whose tokens cannot reach the client", () => {
  const isOver = (id: string) =>
    vi.waitFor(async () => {
      expect(await readSession(database.db, id)).toMatchObject({ revokedReason: "never delivered" });
    }, 30_000);

  test("login: is not opened for a client that has hung up before", async () => {
    const { id, email } = await somebody();
    const gone = { requestId: "gone", isAborted: true } as const;
    expect(await reasonOf(requestState.run(gone, () => attempt(email)))).toBe("UNAVAILABLE");
    expect(await sessionsOf(id)).toEqual([]);
  });

  test("login: ends when the client hangs up before the answer leaves, and not after", async () => {
    const { email } = await somebody();
    const [lost, received] = [{ requestId: "lost" }, { requestId: "received" }];
    const first = await requestState.run(lost, () => attempt(email));
    const second = await requestState.run(received, () => attempt(email));
    recordAborted(lost, false);
    recordAborted(received, true);
    await isOver(first.access.sessionId);
    expect((await readSession(database.db, second.access.sessionId)).revokedAt).toBeNull();
  });
});

test("what is odd about a person or a device is stored or cut on purpose, and never a fault", async () => {
  const email = `${"é".repeat(120)}@example.test`;
  const user = await somebody({ email, fullName: "👩‍👩‍👧‍👦 𝒜𝒹𝒶".repeat(5) });
  const odd = clientAt("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", `${"🦊".repeat(600)}\ud800`);
  const { access, cookies } = await attempt(email, { client: odd });
  expect(access.user).toMatchObject({ email, fullName: user.fullName });
  const stored = await readSession(database.db, access.sessionId);
  expect([...stored.userAgent].length).toBeLessThanOrEqual(512);
  expect(await readRefreshToken(cookies[1]!.value, T0)).not.toBeNull();
  expect((await refresh(database.db, cookies[1]!.value, odd, later(600))).kind).toBe("refreshed");
});
