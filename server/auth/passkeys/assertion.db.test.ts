import { beforeAll, describe, expect, test } from "vitest";
import { atOnce, existingRecoveryCode, useTestDatabase } from "@/db/testing";
import { callerWith, countStatements, later, PASSWORD, reasonOf, signedInSession, T0 } from "@/server/auth/db-testing";
import { refuseWithoutStepUp, stepUp } from "@/server/auth/gate/step-up";
import { login } from "@/server/auth/login/login";
import { beginSecondStepAssertion, finishLogin } from "@/server/auth/login/second-factor";
import { hashPassword } from "@/server/auth/passwords/password";
import { openSession } from "@/server/auth/sessions/open-session";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { ADA, MALLORY, newClient } from "@/server/auth/testing";
import { securityCounts } from "@/server/runtime/security-events";
import { beginAssertion, beginLoginAssertion } from "./assertion";
import { accountWithPasskey, newAuthenticator, type Faults } from "./testing";

const database = useTestDatabase();
const passwordHash = await hashPassword(PASSWORD);
beforeAll(() => readRevocations(database.db));

const account = (given = {}) => accountWithPasskey(database.db, T0, { passwordHash, ...given });
type Account = Awaited<ReturnType<typeof account>>;

/** A login whose password was right, and the options of its second step. */
async function pendingLogin({ own }: Account, now = later(1)) {
  const input = { email: own.user.email, password: PASSWORD, remember: true };
  const pending = await login(database.db, input, ADA, null, now);
  if (pending.kind !== "second-factor") throw new Error("The login asks for no second factor.");
  const token = pending.cookies[0]!.value;
  const begin = (at = later(2)) => beginSecondStepAssertion(database.db, token, ADA, at);
  const finish = (response: object, { db = database.db, now: at = later(3) } = {}) =>
    finishLogin(db, { method: "passkey", response: { ...response } }, token, ADA, null, at);
  return { pending, begin, finish };
}

async function signedInAccount(given = {}) {
  const one = await account(given);
  const caller = await callerWith(one.own);
  const begin = (now = later(1)) => beginAssertion(database.db, one.userId, one.own.id, newClient(), now);
  const confirm = (response: object, { db = database.db, now = later(2) } = {}) =>
    stepUp(db, caller, { method: "passkey", response: { ...response } }, ADA, now);
  return { ...one, caller, begin, confirm };
}

const challengesOpen = (userId: string) =>
  database.db.selectFrom("challenges").select("id").where("userId", "=", userId).where("usedAt", "is", null).execute();

describe("second step by passkey:", () => {
  test("opens the session and uses up both challenges", async () => {
    const one = await account();
    const { pending, begin, finish } = await pendingLogin(one);
    expect(pending.methods).toEqual(["passkey"]);
    const options = await begin();
    expect(options.allowCredentials).toMatchObject([{ id: one.authenticator.credentialId, transports: ["internal"] }]);
    const { access } = await finish(one.authenticator.get(options));
    expect(access).toMatchObject({ user: { id: one.userId }, authenticationMethods: ["pwd", "pop", "user", "mfa"] });
    expect(await challengesOpen(one.userId)).toEqual([]);
    expect(await one.readPasskey()).toMatchObject({ lastUsedAt: later(3) });
  });

  test("accepts an authenticator that leaves out the handle of the account", async () => {
    const one = await account({ algorithm: "RS256" });
    const { begin, finish } = await pendingLogin(one);
    expect((await finish(one.authenticator.get(await begin(), { userHandle: null }))).access).toBeDefined();
  });

  test("costs at most five statements", async () => {
    const one = await account();
    const { begin, finish } = await pendingLogin(one);
    const response = one.authenticator.get(await begin());
    expect(await countStatements(database.url, (db) => finish(response, { db }))).toBeLessThanOrEqual(5);
  });

  test("of two responses at once to two challenges of one login, one opens a session", async () => {
    const one = await account();
    const { begin, finish } = await pendingLogin(one);
    const responses = [one.authenticator.get(await begin()), one.authenticator.get(await begin())];
    const results = await Promise.allSettled(responses.map((response) => finish(response)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    // The other one's challenge stays, since neither is used without the login's.
    expect(await challengesOpen(one.userId)).toHaveLength(1);
  });

  test("does not accept the challenge of another login of the account", async () => {
    const one = await account();
    const [first, second] = [await pendingLogin(one), await pendingLogin(one)];
    const response = one.authenticator.get(await first.begin());
    expect(await reasonOf(second.finish(response))).toBe("SECOND_FACTOR_WRONG");
    expect((await first.finish(response)).access).toBeDefined();
  });

  test("a wrong one leaves the login open", async () => {
    const one = await account();
    const { begin, finish } = await pendingLogin(one);
    const options = await begin();
    expect(await reasonOf(finish(one.authenticator.get(options, { isVerified: false })))).toBe("SECOND_FACTOR_WRONG");
    expect((await finish(one.authenticator.get(options))).access).toBeDefined();
  });

  test("offers no passkey of another domain", async () => {
    const one = await account();
    await database.db.updateTable("passkeys").set({ rpId: "old.test" }).where("id", "=", one.passkeyId).execute();
    const { begin, finish } = await pendingLogin(one);
    const options = await begin();
    expect(options.allowCredentials).toEqual([]);
    expect(await reasonOf(finish(one.authenticator.get(options)))).toBe("SECOND_FACTOR_WRONG");
  });

  test("of an account whose passkeys are of the former domain: asks for a recovery code, and is asked for without one, too", async () => {
    const { own, passkeyId, userId } = await account();
    await database.db.updateTable("passkeys").set({ rpId: "old.test" }).where("id", "=", passkeyId).execute();
    const input = { email: own.user.email, password: PASSWORD, remember: true };
    const logIn = () => login(database.db, input, newClient(), null, later(1));
    expect(await logIn()).toMatchObject({ kind: "second-factor", methods: [] });
    await existingRecoveryCode(database.db, { userId, at: T0, name: "own" });
    expect(await logIn()).toMatchObject({ kind: "second-factor", methods: ["recovery-code"] });
    const rule = { withinSeconds: 300, strength: "strong" } as const;
    const changing = refuseWithoutStepUp({ db: database.db, now: later(2) }, rule, await callerWith(own));
    await expect(changing).rejects.toMatchObject({ details: { methods: ["recovery-code"] } });
  });

  test("is not begun without a login that waits for it", async () => {
    expect(await reasonOf(beginSecondStepAssertion(database.db, null, ADA, T0))).toBe("SIGNED_OUT");
    const { begin } = await pendingLogin(await account());
    expect(await reasonOf(begin(later(302)))).toBe("SIGNED_OUT");
  });
});

describe("step-up by passkey:", () => {
  test("issues an access token that counts as strong", async () => {
    const { authenticator, begin, confirm } = await signedInAccount();
    const { access } = await confirm(authenticator.get(await begin()));
    expect(access).toMatchObject({ authenticationMethods: ["pop", "user", "mfa"] });
  });

  test("costs at most five statements", async () => {
    const { authenticator, begin, confirm } = await signedInAccount();
    const response = authenticator.get(await begin());
    expect(await countStatements(database.url, (db) => confirm(response, { db }))).toBeLessThanOrEqual(5);
  });

  test("of concurrent uses of one response one succeeds", async () => {
    const { authenticator, begin, confirm } = await signedInAccount();
    const response = authenticator.get(await begin());
    const results = await Promise.allSettled(
      await atOnce(6, async () => confirm(response).catch((error) => error.reason)),
    );
    const reasons = results.map((result) => (result.status === "fulfilled" ? result.value : result.reason));
    expect(reasons.filter((reason) => reason === "SECOND_FACTOR_WRONG")).toHaveLength(5);
  });

  test("a counter that went back is reported and not refused", async () => {
    const { authenticator, begin, confirm } = await signedInAccount();
    await confirm(authenticator.get(await begin(), { counter: 5 }));
    const before = securityCounts()["passkey-counter-back"];
    expect((await confirm(authenticator.get(await begin(), { counter: 2 }))).access).toBeDefined();
    expect(securityCounts()["passkey-counter-back"]).toBe(before + 1);
  });

  test("reports no counter of a passkey that counts nothing", async () => {
    const { authenticator, begin, confirm } = await signedInAccount();
    const before = securityCounts()["passkey-counter-back"];
    for (let use = 0; use < 2; use++) await confirm(authenticator.get(await begin(), { counter: 0 }));
    expect(securityCounts()["passkey-counter-back"]).toBe(before);
  });
});

describe("step-up by passkey: refuses", () => {
  const { privateKey } = newAuthenticator();
  test.each<[string, Faults]>([
    ["a challenge that was never issued", { challenge: "A".repeat(22) }],
    ["another origin", { origin: "https://evil.test" }],
    ["another domain", { rpId: "evil.test" }],
    ["a response of a registration", { type: "webauthn.create" }],
    ["a user who was not verified", { isVerified: false }],
    ["the signature of another key", { signedWith: privateKey }],
    ["the handle of another account", { userHandle: Buffer.alloc(16, 1).toString("base64url") }],
    ["an unknown passkey", { id: Buffer.alloc(32, 1).toString("base64url") }],
  ])("%s", async (_, faults) => {
    const { authenticator, begin, confirm, readPasskey } = await signedInAccount();
    const before = await readPasskey();
    const { "step-up-refused": refusals, "second-factor-refused": ofLogins } = securityCounts();
    expect(await reasonOf(confirm(authenticator.get(await begin(), faults)))).toBe("SECOND_FACTOR_WRONG");
    expect(await readPasskey()).toEqual(before);
    expect(securityCounts()).toMatchObject({ "step-up-refused": refusals + 1, "second-factor-refused": ofLogins });
  });

  test("the passkey of another account, for any challenge", async () => {
    const [ada, mallory] = [await signedInAccount(), await signedInAccount()];
    for (const options of [await ada.begin(), await mallory.begin()]) {
      expect(await reasonOf(ada.confirm(mallory.authenticator.get(options)))).toBe("SECOND_FACTOR_WRONG");
    }
    expect(await reasonOf(ada.confirm(ada.authenticator.get(await mallory.begin())))).toBe("SECOND_FACTOR_WRONG");
  });

  test("a challenge of another session of the account", async () => {
    const { authenticator, own, userId, confirm } = await signedInAccount();
    const other = (await openSession(database.db, own.user, true, MALLORY, T0))!;
    const options = await beginAssertion(database.db, userId, other.id, newClient(), later(1));
    expect(await reasonOf(confirm(authenticator.get(options)))).toBe("SECOND_FACTOR_WRONG");
  });

  test("a challenge of a login by passkey", async () => {
    const { authenticator, confirm } = await signedInAccount();
    const options = await beginLoginAssertion(database.db, newClient(), later(1));
    expect(await reasonOf(confirm(authenticator.get(options)))).toBe("SECOND_FACTOR_WRONG");
  });

  test("a challenge that was used or has expired", async () => {
    const { authenticator, begin, confirm } = await signedInAccount();
    const response = authenticator.get(await begin());
    await confirm(response);
    expect(await reasonOf(confirm(response))).toBe("SECOND_FACTOR_WRONG");
    const late = authenticator.get(await begin(T0));
    expect(await reasonOf(confirm(late, { now: later(300) }))).toBe("SECOND_FACTOR_WRONG");
  });

  test("any passkey of an account without one", async () => {
    const own = await signedInSession(database.db, T0);
    const authenticator = newAuthenticator();
    authenticator.rowOf(own.userId, T0);
    const options = await beginAssertion(database.db, own.userId, own.id, newClient(), later(1));
    const input = { method: "passkey" as const, response: { ...authenticator.get(options) } };
    expect(await reasonOf(stepUp(database.db, await callerWith(own), input, ADA, later(2)))).toBe(
      "SECOND_FACTOR_WRONG",
    );
  });
});
