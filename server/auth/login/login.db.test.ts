import { hash } from "@node-rs/argon2";
import { describe, expect, test } from "vitest";
import { readSession } from "@/db/testing";
import { findUserForLogin } from "@/db/tables/users";
import { readAccessToken } from "@/server/auth/tokens/access-token";
import {
  countStatements,
  later,
  PASSWORD,
  reasonOf,
  signedInSession,
  T0,
  logIn as login,
} from "@/server/auth/db-testing";
import { emailAddress } from "@/server/auth/inputs/email-address";
import { hitCounter } from "@/server/auth/rate-limits/hit-counter";
import { loginInput } from "@/server/auth/inputs/inputs";
import { needsRehash } from "@/server/auth/passwords/password";
import { Refusal } from "@/server/auth/policy/refusals";
import { readRefreshToken } from "@/server/auth/tokens/refresh-token";
import { refresh } from "@/server/auth/sessions/refresh";
import { ADA, clientAt, cpuMilliseconds, newClient } from "@/server/auth/testing";
import { useLogins } from "./testing";

const DEVICE = { ip: ADA.address, browser: ADA.browser, os: ADA.os };

const { database, attempt, newAccount } = useLogins();

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
    const cost = (asked: string) =>
      cpuMilliseconds(async () => {
        expect(await reasonOf(attempt(asked, { password: "wrong" }))).toBe("INVALID_CREDENTIALS");
      });
    // The least of several: other work of this process only adds to it.
    let [known, unknown] = [Infinity, Infinity];
    for (let count = 0; count < 4; count++) {
      known = Math.min(known, await cost(email));
      unknown = Math.min(unknown, await cost("nobody-either@example.test"));
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

test("login: makes five statements, also when it replaces a session, and one more for the mail about a new device", async () => {
  const { email } = await newAccount();
  const client = newClient();
  expect(await countStatements(database.url, (db) => attempt(email, { client }, db))).toBe(5);
  const { refreshToken } = await signedInSession(database.db, T0);
  const replacing = { presented: refreshToken, now: later(10) };
  expect(await countStatements(database.url, (db) => attempt(email, { ...replacing, client }, db))).toBe(5);
  expect(await countStatements(database.url, (db) => attempt(email, replacing, db))).toBe(6);
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
