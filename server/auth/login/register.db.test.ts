import { describe, expect, test, vi } from "vitest";
import { connect } from "@/db/connect";
import { atOnce, readSession, useTestDatabase, type TestDatabase } from "@/db/testing";
import { recordAborted, requestState } from "@/server/runtime/request-state";
import { countStatements, PASSWORD, reasonOf, signedInSession, T0, logIn as login } from "@/server/auth/db-testing";
import { registerInput } from "@/server/auth/inputs/inputs";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { register } from "./register";
import { anotherInstance, newClient } from "@/server/auth/testing";

const database = useTestDatabase();

function attempt(
  given: { email?: string; fullName?: string; password?: string },
  { db = database.db, client = newClient(), presented = null as string | null, now = T0 } = {},
) {
  const input = registerInput.parse({
    email: "ada@example.test",
    fullName: "Ada Lovelace",
    password: PASSWORD,
    ...given,
  });
  return register(db, input, client, presented, now);
}

const usersCalled = (fullName: string) =>
  database.db.selectFrom("users").selectAll().where("fullName", "=", fullName).execute();

test("registration: signs the new account in, and it can log in again", async () => {
  const { access, cookies } = await attempt({ email: " New@Example.TEST ", fullName: "Somebody New" });
  expect(access.user).toMatchObject({ email: "new@example.test", fullName: "Somebody New", role: "user" });
  expect(cookies.map(({ name }) => name)).toEqual(["__acc", "__ref"]);
  expect(await readSession(database.db, access.sessionId)).toMatchObject({ userId: access.user.id, revokedAt: null });
  const again = await login(
    database.db,
    { email: "new@example.test", password: PASSWORD, remember: true },
    newClient(),
    null,
    T0,
  );
  expect(again.access.user).toEqual(access.user);
});

test("registration: of twenty concurrent ones with one email in any spelling on two instances one succeeds, the others get EMAIL_TAKEN", async () => {
  const spellings = ["race@example.test", "RACE@example.test", " Race@Example.Test ", "ｒａｃｅ@example.test"];
  const elsewhere = connect(database.url);
  const outcomes = await atOnce(20, (index) =>
    attempt({ email: spellings[index % 4]!, fullName: "Racer" }, { db: index % 2 ? elsewhere : database.db }).then(
      () => "registered",
      (error: { reason: string; details: { fields: object } }) =>
        `${error.reason} ${Object.keys(error.details.fields)}`,
    ),
  );
  await elsewhere.destroy();
  expect(outcomes.sort()).toEqual([...Array<string>(19).fill("EMAIL_TAKEN email"), "registered"]);
  expect(await usersCalled("Racer")).toMatchObject([{ email: "race@example.test" }]);
});

test("registration: of eight concurrent ones with one email whose domain is in Unicode or xn-- form one succeeds", async () => {
  const spellings = [
    "race@münchen.example",
    "Race@XN--MNCHEN-3YA.example",
    "race@MÜNCHEN.example",
    "race@münchen。example",
  ];
  const outcomes = await atOnce(8, (index) =>
    attempt({ email: spellings[index % 4]!, fullName: "IDN Racer" }).then(
      () => "registered",
      (error: { reason: string }) => error.reason,
    ),
  );
  expect(outcomes.sort()).toEqual([...Array<string>(7).fill("EMAIL_TAKEN"), "registered"]);
  expect(await usersCalled("IDN Racer")).toMatchObject([{ email: "race@münchen.example" }]);
});

test("registration: emails that differ in an accent are different accounts", async () => {
  await attempt({ email: "jose@example.test" });
  await attempt({ email: "josé@example.test" });
});

test("registration: a taken email reveals nothing about its account and changes nothing in it", async () => {
  await attempt({ email: "owner@example.test", fullName: "The Owner" });
  const [before] = await usersCalled("The Owner");
  expect(await reasonOf(attempt({ email: "owner@example.test", fullName: "An Intruder" }))).toBe("EMAIL_TAKEN");
  expect(await usersCalled("The Owner")).toEqual([before]);
  expect(await usersCalled("An Intruder")).toEqual([]);
});

describe("a registration whose response could not be sent", () => {
  async function undelivered(email: string) {
    const notes = { requestId: "lost" };
    const { access } = await requestState.run(notes, () => attempt({ email }));
    recordAborted(notes, false);
    await vi.waitFor(async () => {
      expect(await readSession(database.db, access.sessionId)).toMatchObject({ revokedReason: "never delivered" });
    }, 30_000);
    return access;
  }

  test("can be repeated with the same password, once", async () => {
    const email = "lost@example.test";
    const first = await undelivered(email);
    const { access } = await attempt({ email });
    expect(access.user).toEqual(first.user);
    expect(await reasonOf(attempt({ email }))).toBe("EMAIL_TAKEN");
  });

  test("is a taken email with any other password, and wrong passwords are counted as at a login", async () => {
    const email = "guessed@example.test";
    await undelivered(email);
    const reasons = [];
    for (let count = 0; count < 11; count++) {
      reasons.push(await reasonOf(attempt({ email, password: `${PASSWORD} ${count}` })));
    }
    expect(reasons).toEqual([...Array<string>(10).fill("EMAIL_TAKEN"), "RATE_LIMITED"]);
  });
});

describe("registration: a weak password", () => {
  test.each(["short", "password12345", "aaaaaaaaaaaaaaaa", "ada lovelace", "1234567890"])(
    "is refused: %s",
    async (password) => {
      const refused = await attempt({ email: "weak@example.test", fullName: "Weak Ada Lovelace", password }).catch(
        (error: unknown) => error,
      );
      expect(refused).toMatchObject({ reason: "WEAK_PASSWORD", details: { fields: { password: expect.any(String) } } });
      expect(await usersCalled("Weak Ada Lovelace")).toEqual([]);
    },
  );
});

test("registration: one address has five attempts a minute, successful or not", async () => {
  const client = newClient();
  const reasons = [];
  for (let count = 0; count < 6; count++) {
    reasons.push(await reasonOf(attempt({ email: `${count}@limit.test`, password: "short" }, { client })));
  }
  expect(reasons).toEqual([...Array<string>(5).fill("WEAK_PASSWORD"), "RATE_LIMITED"]);
  await attempt({ email: "later@limit.test" }, { client, now: secondsAfter(T0, 61) });
});

test("registration: the browser's previous session is revoked", async () => {
  const before = await signedInSession(database.db, T0);
  await attempt({ email: "second@example.test" }, { presented: before.refreshToken });
  expect(await readSession(database.db, before.id)).toMatchObject({ revokedReason: "replaced by login" });
});

test("registration: unusual names and emails are stored unchanged", async () => {
  const email = `${"é".repeat(120)}@example.test`;
  const fullName = "👩‍👩‍👧‍👦 𝒜𝒹𝒶 O’Brien-Ünlü \\' or 1=1 --";
  const { access } = await attempt({ email, fullName });
  expect(access.user).toMatchObject({ email, fullName });
  expect(await usersCalled(fullName)).toMatchObject([{ email, fullName }]);
});

test("registration: makes at most five statements, and one for the mail", async () => {
  const { refreshToken } = await signedInSession(database.db, T0);
  const run = (db: TestDatabase["db"]) => attempt({ email: "cost@example.test" }, { db, presented: refreshToken });
  expect(await countStatements(database.url, run)).toBeLessThanOrEqual(6);
  const { register: registerWithoutMail } = await anotherInstance(() => import("./register"), { MAIL: "off" });
  const input = { email: "without-mail@example.test", fullName: "Ada", password: PASSWORD, remember: true };
  const withoutMail = (db: TestDatabase["db"]) => registerWithoutMail(db, input, newClient(), refreshToken, T0);
  expect(await countStatements(database.url, withoutMail)).toBeLessThanOrEqual(5);
});
