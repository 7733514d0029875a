import { describe, expect, test } from "vitest";
import { later, PASSWORD, signedInSession, T0, useAppDatabase } from "@/server/auth/db-testing";
import { accountWithPasskey, newAuthenticator } from "@/server/auth/passkeys/testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { call, fromElsewhere } from "./testing";

const database = useAppDatabase();
const passwordHash = await hashPassword(PASSWORD);

const result = ({ json }: Awaited<ReturnType<typeof call>>) => json.result.data;
const cookiePair = (cookies: string[], name: string) =>
  cookies.find((one) => one.startsWith(`${name}=`))?.split(";")[0];
const account = () => accountWithPasskey(database.db, T0, { passwordHash });

test("passkeys: one that a user adds signs them in, is renamed and removed", async () => {
  const own = await signedInSession(database.db, T0);
  const authenticator = newAuthenticator();
  const options = result(await call("passkeys.beginRegistration", { cookie: own }));
  const input = { response: authenticator.create(options), name: " My phone " };
  const added = await call("passkeys.finishRegistration", { cookie: own, input });
  expect(result(added)).toMatchObject({ name: "My phone", lastUsedAt: null, backedUp: false });
  expect(result(added).recoveryCodes).toHaveLength(10);
  const cookie = [cookiePair(added.cookies, "__acc"), `__ref=${own.refreshToken}`].join("; ");

  const headers = fromElsewhere();
  const asked = result(await call("auth.beginPasskeyLogin", { headers }));
  const login = await call("auth.finishPasskeyLogin", { headers, input: { response: authenticator.get(asked) } });
  expect(result(login)).toMatchObject({ status: "signed-in", user: { id: own.userId } });
  expect(cookiePair(login.cookies, "__ref")).toMatch(/^__ref=./);

  const { id } = result(added);
  expect(result(await call("passkeys.rename", { cookie, input: { id, name: "Key" } }))).toEqual({ ok: true });
  // The access token from before the registration does not contain the factor.
  const outdated = await call("passkeys.remove", { cookie: own, input: { id } });
  expect(outdated.data).toMatchObject({ reason: "STEP_UP_REQUIRED", methods: ["passkey", "recovery-code"] });
  expect(result(await call("passkeys.remove", { cookie, input: { id } }))).toEqual({ ok: true });
});

describe("passkeys: after five minutes without an authentication", () => {
  test.each<[string, unknown]>([
    ["passkeys.beginRegistration", undefined],
    ["passkeys.finishRegistration", { response: {} }],
    ["passkeys.remove", { id: "0193500e-5a11-7e10-8000-000000000001" }],
  ])("%s asks for one", async (path, input) => {
    const own = await signedInSession(database.db, T0);
    const refused = await call(path, { cookie: own, input, now: later(301) });
    expect(refused.data).toMatchObject({ httpStatus: 403, reason: "STEP_UP_REQUIRED", methods: ["password"] });
  });
});

test("login by passkey: an unknown passkey is reported in the data of the refusal, others are not", async () => {
  const [{ authenticator }, unknown] = [await account(), newAuthenticator()];
  unknown.rowOf(crypto.randomUUID(), T0);
  const headers = fromElsewhere();
  const begin = async () => result(await call("auth.beginPasskeyLogin", { headers }));
  const finish = async (response: unknown) => call("auth.finishPasskeyLogin", { headers, input: { response } });
  const wrong = await finish(authenticator.get(await begin(), { isVerified: false }));
  const absent = await finish(unknown.get(await begin()));
  for (const { json, status } of [wrong, absent]) {
    expect([status, json.error.message]).toEqual([401, "That passkey does not work here."]);
  }
  expect([wrong.data.passkey, absent.data.passkey]).toEqual([undefined, "unknown"]);
});

describe("auth.beginPasskeyAssertion", () => {
  test("is for a step-up in a browser that is signed in", async () => {
    const { own, authenticator } = await account();
    const options = result(await call("auth.beginPasskeyAssertion", { cookie: own }));
    const input = { method: "passkey", response: authenticator.get(options) };
    const confirmed = await call("auth.stepUp", { cookie: own, input });
    expect(result(confirmed)).toMatchObject({ session: { id: own.id } });
  });

  test("is for the second step of a login in a browser that is not, also if its session has ended", async () => {
    const { own, authenticator, userId } = await account();
    const other = await signedInSession(database.db, T0);
    await database.db
      .updateTable("sessions")
      .set({ revokedAt: T0, revokedReason: "logout" })
      .where("id", "=", other.id)
      .execute();
    const headers = fromElsewhere();
    for (const ended of ["", `; __ref=${other.refreshToken}`]) {
      const login = { email: own.user.email, password: PASSWORD };
      const pending = await call("auth.login", { headers, input: login });
      expect(result(pending)).toMatchObject({ status: "second-factor", methods: ["passkey"] });
      const cookie = `${cookiePair(pending.cookies, "__chl")}${ended}`;
      const options = result(await call("auth.beginPasskeyAssertion", { headers, cookie }));
      const input = { method: "passkey", response: authenticator.get(options) };
      const signedIn = await call("auth.secondFactor", { headers, cookie, input });
      expect(result(signedIn)).toMatchObject({ status: "signed-in", user: { id: userId } });
      expect(signedIn.cookies.find((one) => one.startsWith("__chl="))).toContain("Max-Age=0");
    }
  });

  test("is refused in a browser with neither", async () => {
    expect((await call("auth.beginPasskeyAssertion")).data).toMatchObject({ httpStatus: 401, reason: "SIGNED_OUT" });
    const forged = await call("auth.beginPasskeyAssertion", { cookie: "__chl=forged" });
    expect(forged.data).toMatchObject({ httpStatus: 401, reason: "SIGNED_OUT" });
  });
});
