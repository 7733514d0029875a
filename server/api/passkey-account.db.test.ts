import { beforeEach, describe, expect, test } from "vitest";
import { findUserById } from "@/db/tables/users";
import { later, NEW_PASSWORD, useAppDatabase } from "@/server/auth/db-testing";
import { newAuthenticator } from "@/server/auth/passkeys/testing";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { database as appDatabase } from "@/server/runtime/database";
import { call, fromElsewhere, get } from "./testing";

const database = useAppDatabase();
beforeEach(() => readRevocations(appDatabase()));

const result = ({ json }: { json: { result: { data: never } } }) => json.result.data as any;
const cookieOf = (answer: { cookies: string[] }, ...names: string[]) =>
  answer.cookies
    .map((cookie) => cookie.split(";")[0]!)
    .filter((cookie) => names.some((name) => cookie.startsWith(`${name}=`)))
    .join("; ");

/** An account that was registered with a passkey at second 10, and the cookies of its browser. */
async function registered() {
  const person = { fullName: "Grace Hopper", email: `grace-${crypto.randomUUID()}@example.test` };
  const authenticator = newAuthenticator();
  const headers = fromElsewhere();
  const options = result(await call("auth.beginPasskeyRegistration", { headers, input: person }));
  const input = { ...person, response: authenticator.create(options) };
  const finished = await call("auth.finishPasskeyRegistration", { headers, input });
  const { user, recoveryCodes } = result(finished);
  const [access, refresh] = [cookieOf(finished, "__acc"), cookieOf(finished, "__ref")];

  /** The cookies after a step-up by the passkey. */
  async function stepUp(seconds: number): Promise<string> {
    const now = later(seconds);
    const cookie = `${access}; ${refresh}`;
    const asked = result(await call("auth.beginPasskeyAssertion", { cookie, now }));
    const proof = { method: "passkey", response: authenticator.get(asked) };
    const confirmed = await call("auth.stepUp", { cookie, now, input: proof });
    expect(confirmed.status).toBe(200);
    return `${cookieOf(confirmed, "__acc")}; ${refresh}`;
  }

  return { ...person, user, recoveryCodes, cookie: `${access}; ${refresh}`, finished, stepUp };
}

describe("an account that was registered with a passkey:", () => {
  test("is signed in, has no password, one passkey and ten recovery codes", async () => {
    const { fullName, email, user, recoveryCodes, cookie, finished } = await registered();
    expect(result(finished)).toMatchObject({ status: "signed-in", user: { fullName, email, role: "user" } });
    expect(finished.cookies.map((one) => one.split("=")[0])).toEqual(["__acc", "__ref"]);
    expect(recoveryCodes).toHaveLength(10);
    expect(result(await get("factors.list", { cookie }))).toMatchObject({
      ...{ password: false, totp: null, recoveryCodes: { remaining: 10 } },
      passkeys: [{ name: "Passkey (Firefox on Linux)", lastUsedAt: null, backedUp: false }],
    });
    expect((await findUserById(database.db, user.id))!.passwordHash).toBe("");
  });

  test("keeps its last passkey until it has a password", async () => {
    const { cookie } = await registered();
    const [passkey] = result(await get("factors.list", { cookie })).passkeys;
    const kept = await call("passkeys.remove", { cookie, input: { id: passkey.id } });
    expect([kept.status, kept.data.reason]).toEqual([409, "LAST_WAY_IN"]);
    const set = await call("users.setPassword", { cookie, input: { newPassword: NEW_PASSWORD } });
    const now = later(20);
    const removed = await call("passkeys.remove", {
      cookie: cookieOf(set, "__acc", "__ref"),
      input: { id: passkey.id },
      now,
    });
    expect(removed.status).toBe(200);
  });

  test.each<[string, (account: { email: string }) => unknown]>([
    ["users.setPassword", () => ({ newPassword: NEW_PASSWORD })],
    ["account.export", () => undefined],
    ["account.requestDeletion", ({ email }) => ({ email })],
    ["email.requestChange", () => ({ email: `new-${crypto.randomUUID()}@example.test` })],
    ["recoveryCodes.renew", () => undefined],
    ["totp.begin", () => undefined],
    ["passkeys.beginRegistration", () => undefined],
  ])("%s asks for the passkey after five minutes, and runs after a step-up by it", async (path, inputOf) => {
    const account = await registered();
    const input = inputOf(account);
    const refused = await call(path, { cookie: account.cookie, now: later(311), input });
    expect(refused.data).toMatchObject({
      ...{ httpStatus: 403, reason: "STEP_UP_REQUIRED", methods: ["passkey", "recovery-code"] },
    });
    const cookie = await account.stepUp(320);
    expect(await call(path, { cookie, now: later(321), input })).toMatchObject({ status: 200 });
  });
});
