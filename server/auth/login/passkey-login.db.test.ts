import { sql } from "kysely";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { atOnce, existingUser, readSession, useTestDatabase } from "@/db/testing";
import { countStatements, later, signedInSession, T0 } from "@/server/auth/db-testing";
import { beginAssertion, beginLoginAssertion } from "@/server/auth/passkeys/assertion";
import { accountWithPasskey, newAuthenticator, type Faults } from "@/server/auth/passkeys/testing";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { newClient } from "@/server/auth/testing";
import { securityCounts } from "@/server/runtime/security-events";
import { loginByPasskey } from "./passkey-login";

const database = useTestDatabase();
beforeAll(() => readRevocations(database.db));

const account = (given = {}) => accountWithPasskey(database.db, T0, given);
const begin = (now = later(1)) => beginLoginAssertion(database.db, newClient(), now);
const finish = (response: unknown, { now = later(2), db = database.db, client = newClient(), remember = true } = {}) =>
  loginByPasskey(db, { response, remember }, client, null, now);

const refusalOf = (login: Promise<unknown>) =>
  login.then(
    () => expect.fail("The login was not refused."),
    ({ reason, message, details }: { reason: string; message: string; details: unknown }) => ({
      reason,
      message,
      details,
    }),
  );
const REFUSED = { reason: "INVALID_CREDENTIALS", message: "That passkey does not work here.", details: {} };

/** A login with one fault. */
async function refusedWith(faults: Faults) {
  const { authenticator, readPasskey } = await account();
  const before = await readPasskey();
  const refusal = await refusalOf(finish(authenticator.get(await begin(), faults)));
  expect(await readPasskey()).toEqual(before);
  return refusal;
}

describe("login by passkey:", () => {
  test.each(["ES256", "RS256"] as const)("opens a session that counts as strong, with %s", async (algorithm) => {
    const { authenticator, userId } = await account({ algorithm });
    const { access, cookies } = await finish(authenticator.get(await begin()), { remember: false });
    expect(access).toMatchObject({ user: { id: userId }, authenticationMethods: ["pop", "user", "mfa"] });
    expect(await readSession(database.db, access.sessionId)).toMatchObject({ userId, remember: false });
    expect(cookies.map(({ name }) => name)).toEqual(["__acc", "__ref"]);
  });

  test("asks for a verified user and names no passkey", async () => {
    const options = await begin();
    expect(options).toMatchObject({ rpId: "localhost", userVerification: "required", allowCredentials: [] });
    expect(Buffer.from(options.challenge, "base64url")).toHaveLength(16);
  });

  test("stores the counter, the backup and the time of the use", async () => {
    const { authenticator, readPasskey } = await account();
    await finish(authenticator.get(await begin(), { counter: 7, backedUp: true }));
    expect(await readPasskey()).toMatchObject({ signatureCounter: 7, backedUp: true, lastUsedAt: later(2) });
  });

  test("costs at most five statements", async () => {
    const { authenticator, own } = await account();
    const response = authenticator.get(await begin());
    const client = newClient();
    // A known device: a notice would be one more.
    await database.db.updateTable("sessions").set({ ip: client.address }).where("id", "=", own.id).execute();
    const statements = await countStatements(database.url, (db) => finish(response, { db, client }));
    expect(statements).toBeLessThanOrEqual(5);
  });

  test("two tabs with a challenge each both sign in", async () => {
    const { authenticator } = await account();
    const responses = [authenticator.get(await begin()), authenticator.get(await begin())];
    const logins = await Promise.all(responses.map((response) => finish(response)));
    expect(new Set(logins.map(({ access }) => access.sessionId)).size).toBe(2);
  });

  test("of concurrent uses of one challenge one opens a session", async () => {
    const { authenticator, userId } = await account();
    const response = authenticator.get(await begin());
    const results = await atOnce(8, () =>
      finish(response).then(
        () => "signed in",
        (error: { reason: string }) => error.reason,
      ),
    );
    expect(results.sort()).toEqual([...Array<string>(7).fill("INVALID_CREDENTIALS"), "signed in"]);
    const sessions = database.db.selectFrom("sessions").select("id").where("userId", "=", userId);
    expect(await sessions.execute()).toHaveLength(2);
  });

  test("a counter that went back is reported, by mail once, and not refused", async () => {
    const { authenticator, readPasskey, userId } = await account();
    await finish(authenticator.get(await begin(), { counter: 9 }));
    const before = securityCounts()["passkey-counter-back"];
    await finish(authenticator.get(await begin(), { counter: 9 }));
    await finish(authenticator.get(await begin(), { counter: 3 }));
    expect(securityCounts()["passkey-counter-back"]).toBe(before + 2);
    await finish(authenticator.get(await begin(), { counter: 4 }));
    expect(securityCounts()["passkey-counter-back"]).toBe(before + 2);
    expect(await readPasskey()).toMatchObject({ signatureCounter: 4 });
    const mails = database.db.selectFrom("outgoingMails").select("kind").where("userId", "=", userId);
    expect(await mails.where("kind", "=", "passkey-copied").execute()).toHaveLength(1);
  });

  test("counts with the password logins of an address", async () => {
    const client = newClient();
    for (let count = 0; count < 10; count++) await refusalOf(finish({}, { client }));
    expect(await refusalOf(finish({}, { client }))).toMatchObject({ reason: "RATE_LIMITED" });
  });

  test("limits the ceremonies that an address begins", async () => {
    const client = newClient();
    // One after the other: on a busy machine the last of 60 at once would wait for its row longer than it may.
    for (let count = 0; count < 60; count++) await beginLoginAssertion(database.db, client, T0);
    expect(await refusalOf(beginLoginAssertion(database.db, client, T0))).toMatchObject({ reason: "RATE_LIMITED" });
  });
});

describe("login by passkey: is refused with one message", () => {
  const { privateKey } = newAuthenticator();
  test.each<[string, Faults]>([
    ["a challenge that was never issued", { challenge: "A".repeat(22) }],
    ["a challenge of another length", { challenge: "A".repeat(23) }],
    ["another origin", { origin: "http://localhost:3001" }],
    ["an origin that begins as ours does", { origin: "http://localhost:3000.evil.test" }],
    ["another domain", { rpId: "evil.test" }],
    ["a response of a registration", { type: "webauthn.create" }],
    ["a page of another site around ours", { crossOrigin: true }],
    ["a user who was not verified", { isVerified: false }],
    ["a user who was not present", { isPresent: false }],
    ["the signature of another key", { signedWith: privateKey }],
    ["a changed signature", { signature: (bytes) => Buffer.from(bytes).fill(0, bytes.length - 4) }],
    ["an empty signature", { signature: () => Buffer.alloc(0) }],
    ["the handle of another account", { userHandle: Buffer.alloc(16, 1).toString("base64url") }],
    ["no handle of an account", { userHandle: null }],
  ])("%s", async (_, faults) => {
    expect(await refusedWith(faults)).toEqual(REFUSED);
  });

  test("a challenge that was used", async () => {
    const { authenticator } = await account();
    const response = authenticator.get(await begin());
    await finish(response);
    expect(await refusalOf(finish(response))).toEqual(REFUSED);
  });

  test("a challenge that has expired, after five minutes", async () => {
    const { authenticator } = await account();
    const response = authenticator.get(await begin(T0));
    expect(await refusalOf(finish(response, { now: later(300) }))).toEqual(REFUSED);
    expect((await finish(response, { now: later(299) })).access).toBeDefined();
  });

  test("a challenge of a step-up", async () => {
    const { authenticator, own, userId } = await account();
    const options = await beginAssertion(database.db, userId, own.id, newClient(), later(1));
    expect(await refusalOf(finish(authenticator.get(options)))).toEqual(REFUSED);
  });

  test("a passkey that was made for another domain", async () => {
    const { authenticator, passkeyId } = await account();
    await database.db.updateTable("passkeys").set({ rpId: "old.test" }).where("id", "=", passkeyId).execute();
    expect(await refusalOf(finish(authenticator.get(await begin())))).toEqual(REFUSED);
  });

  test("a disabled account", async () => {
    const { authenticator, userId } = await account();
    await database.db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", userId).execute();
    expect(await refusalOf(finish(authenticator.get(await begin())))).toEqual(REFUSED);
  });

  test.each<[string, unknown]>([
    ["nothing", {}],
    ["a list", []],
    ["an id that is no text", { id: 1, rawId: 1, type: "public-key", response: {} }],
    [
      "values that are too long",
      { id: "A", rawId: "A", type: "public-key", response: { clientDataJSON: "A".repeat(60_000) } },
    ],
  ])("%s instead of a response", async (_, response) => {
    expect(await refusalOf(finish(response))).toEqual(REFUSED);
  });
});

describe("login by passkey: an unknown passkey", () => {
  test("is reported, so that the browser can stop offering it", async () => {
    const unknown = newAuthenticator();
    unknown.rowOf((await existingUser(database.db)).id, T0);
    const refusal = await refusalOf(finish(unknown.get(await begin())));
    expect(refusal).toEqual({ ...REFUSED, details: { passkey: "unknown" } });
  });

  test("is not reported without an open challenge of this site", async () => {
    const unknown = newAuthenticator();
    unknown.rowOf((await existingUser(database.db)).id, T0);
    for (const faults of [{ challenge: "A".repeat(22) }, { origin: "http://evil.test" }]) {
      expect(await refusalOf(finish(unknown.get(await begin(), faults)))).toEqual(REFUSED);
    }
  });
});

test("login by passkey: opens no session if all sessions end after the account was read", async () => {
  const { authenticator, userId, passkeyId } = await account();
  const response = authenticator.get(await begin());
  const answer = await database.db.transaction().execute(async (trx) => {
    await trx.selectFrom("passkeys").select("id").where("id", "=", passkeyId).forUpdate().execute();
    const refused = refusalOf(finish(response));
    const waiting = sql`select 1 from information_schema.processlist
      where db = database() and info like 'update%challenges%' and id <> connection_id()`;
    await vi.waitFor(async () => expect((await waiting.execute(database.db)).rows).toHaveLength(1), 10_000);
    await database.db.updateTable("users").set({ sessionEpoch: 1 }).where("id", "=", userId).execute();
    return { refused };
  });
  expect(await answer.refused).toMatchObject({ reason: "UNAVAILABLE" });
});

test("login by passkey: another account's session in the browser is replaced", async () => {
  const { authenticator, userId } = await account();
  const other = await signedInSession(database.db, T0);
  const response = authenticator.get(await begin());
  const { access } = await loginByPasskey(
    ...([database.db, { response, remember: true }, newClient(), other.refreshToken, later(2)] as const),
  );
  expect(access.user.id).toBe(userId);
  expect(await readSession(database.db, other.id)).toMatchObject({ revokedReason: "replaced by login" });
});
