import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { revokeSession } from "@/db/tables/revocations";
import { atOnce, existingUser, readSession, useTestDatabase } from "@/db/testing";
import { callerWith, later, reasonOf, signedInSession, T0 } from "@/server/auth/db-testing";
import { loginByPasskey } from "@/server/auth/login/passkey-login";
import { openSession } from "@/server/auth/sessions/open-session";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { ADA, MALLORY, newClient } from "@/server/auth/testing";
import { beginAssertion, beginLoginAssertion } from "./assertion";
import { beginRegistration, finishRegistration, MAX_PASSKEYS } from "./registration";
import { accountWithPasskey, ecKey, newAuthenticator, rsaKey, type Algorithm, type Cbor, type Faults } from "./testing";

const database = useTestDatabase();
beforeAll(() => readRevocations(database.db));

/** A signed-in user. An account that has a passkey gets no recovery codes, whose hashes take time. */
async function registrant({ isFirst = false } = {}) {
  const { own } = isFirst ? { own: await signedInSession(database.db, T0) } : await accountWithPasskey(database.db, T0);
  const caller = await callerWith(own);
  const begin = (now = later(1)) => beginRegistration(database.db, caller, newClient(), now);
  const finish = (response: object, { now = later(2), name }: { now?: Date; name?: string } = {}) =>
    finishRegistration(database.db, caller, { response: { ...response }, name }, ADA, now);
  const passkeys = () =>
    database.db.selectFrom("passkeys").selectAll().where("userId", "=", own.userId).orderBy("createdAt").execute();
  const codes = () => database.db.selectFrom("recoveryCodes").selectAll().where("userId", "=", own.userId).execute();
  return { own, caller, begin, finish, passkeys, codes };
}

const refusalOf = (registration: Promise<unknown>) =>
  registration.then(
    () => expect.fail("The registration was not refused."),
    (error: { reason: string; message: string }) => error,
  );
const REFUSED = { reason: "BAD_INPUT", message: "This passkey could not be added. Start again." };

describe("registration of a passkey:", () => {
  test("asks for a discoverable one, a verified user and no attestation", async () => {
    const { own, begin } = await registrant();
    const { credentialId } = (await database.db
      .selectFrom("passkeys")
      .select("credentialId")
      .where("userId", "=", own.userId)
      .executeTakeFirst())!;
    const options = await begin();
    expect(options).toMatchObject({
      rp: { id: "localhost", name: "Portcullis" },
      user: { name: own.user.email },
      pubKeyCredParams: [
        { alg: -7, type: "public-key" },
        { alg: -257, type: "public-key" },
      ],
      attestation: "none",
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      excludeCredentials: [{ id: credentialId }],
    });
    expect(Buffer.from(options.challenge, "base64url")).toHaveLength(16);
  });

  test.each(["ES256", "RS256"] as const)("stores one of %s, with which the user can sign in", async (algorithm) => {
    const { own, begin, finish, passkeys } = await registrant();
    const authenticator = newAuthenticator(algorithm);
    const added = await finish(authenticator.create(await begin(), { backedUp: true }));
    const { passkey, recoveryCodes, tokens } = added;
    const { name, createdAt, lastUsedAt, backedUp } = passkey;
    expect({ name, createdAt, lastUsedAt, backedUp, recoveryCodes }).toEqual({
      ...{ name: "Passkey (Firefox on Linux)", createdAt: later(2).toISOString(), lastUsedAt: null },
      ...{ backedUp: true, recoveryCodes: null },
    });
    expect((await passkeys())[1]).toMatchObject({
      ...{ id: passkey.id, credentialId: authenticator.credentialId, rpId: "localhost", signatureCounter: 1 },
      transports: "hybrid internal",
    });
    expect(tokens.access).toMatchObject({ sessionId: own.id, authenticationMethods: ["pwd", "pop", "user", "mfa"] });
    expect((await readSession(database.db, own.id)).authenticationMethods).toBe("pwd pop user mfa");

    const options = await beginLoginAssertion(database.db, newClient(), later(3));
    const login = { response: { ...authenticator.get(options) }, remember: true };
    const { access } = await loginByPasskey(database.db, login, newClient(), null, later(4));
    expect(access.user.id).toBe(own.userId);
  });

  test("the first factor makes ten recovery codes, shown once, the next one none", async () => {
    const { begin, finish, codes } = await registrant({ isFirst: true });
    const { recoveryCodes } = await finish(newAuthenticator().create(await begin()), { name: "Key" });
    expect(recoveryCodes).toHaveLength(10);
    const made = await codes();
    expect(made).toHaveLength(10);
    expect((await finish(newAuthenticator().create(await begin()))).recoveryCodes).toBeNull();
    expect(await codes()).toEqual(made);
  });

  test("two first factors at once leave one set of recovery codes", async () => {
    const { begin, finish, codes, passkeys } = await registrant({ isFirst: true });
    const responses = [newAuthenticator().create(await begin()), newAuthenticator().create(await begin())];
    const results = await Promise.all(
      responses.map((response) =>
        finish(response).then(
          ({ recoveryCodes }) => recoveryCodes?.length,
          (error: { reason: string }) => error.reason,
        ),
      ),
    );
    expect(results.sort()).toEqual([10, "UNAVAILABLE"]);
    expect(await passkeys()).toHaveLength(1);
    expect(await codes()).toHaveLength(10);
    const again = await Promise.allSettled(responses.map((response) => finish(response, { now: later(3) })));
    expect(again.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await passkeys()).toHaveLength(2);
  });

  test("tells the owner by mail", async () => {
    const { own, begin, finish } = await registrant();
    await finish(newAuthenticator().create(await begin()));
    const mails = await database.db.selectFrom("outgoingMails").selectAll().where("userId", "=", own.userId).execute();
    expect(mails.map(({ kind, details }) => [kind, details.includes("A passkey was added")])).toEqual([
      ["factor-changed", true],
    ]);
  });

  test("two tabs with a challenge each both add one", async () => {
    const { begin, finish, passkeys } = await registrant();
    const responses = [newAuthenticator().create(await begin()), newAuthenticator().create(await begin())];
    await Promise.all(responses.map((response) => finish(response)));
    expect(await passkeys()).toHaveLength(3);
  });

  test("of concurrent uses of one challenge one adds a passkey", async () => {
    const { begin, finish, passkeys } = await registrant();
    const options = await begin();
    const reasons = await atOnce(5, () =>
      finish(newAuthenticator().create(options)).then(
        () => "added",
        (error: { reason: string }) => error.reason,
      ),
    );
    expect(reasons.sort()).toEqual([...Array<string>(4).fill("BAD_INPUT"), "added"]);
    expect(await passkeys()).toHaveLength(2);
  });

  test("an account has at most twenty, also by concurrent registrations", async () => {
    const { own, begin, finish, passkeys } = await registrant();
    const more = Array.from({ length: MAX_PASSKEYS - 2 }, () => newAuthenticator().rowOf(own.userId, T0));
    await database.db.insertInto("passkeys").values(more).execute();
    const responses = [newAuthenticator().create(await begin()), newAuthenticator().create(await begin())];
    const results = await Promise.allSettled(responses.map((response) => finish(response)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await passkeys()).toHaveLength(MAX_PASSKEYS);
    expect(await refusalOf(begin())).toMatchObject({ reason: "BAD_INPUT" });
  });

  test("accepts a self attestation, which browsers pass on", async () => {
    const { begin, finish } = await registrant();
    const authenticator = newAuthenticator();
    const options = await begin();
    const plain = authenticator.create(options, { counter: 1 });
    // The authenticator's data are the last field of the attestation.
    const object = Buffer.from(plain.response.attestationObject, "base64url");
    const at = object.indexOf("authData") + "authData".length;
    const authData = object.subarray(at + 2);
    const clientHash = createHash("sha256").update(Buffer.from(plain.response.clientDataJSON, "base64url")).digest();
    const sig = sign("sha256", Buffer.concat([authData, clientHash]), authenticator.privateKey);
    const statement = (signature: Buffer) =>
      new Map<Cbor, Cbor>([
        ["alg", -7],
        ["sig", signature],
      ]);
    const packed = (signature: Buffer) =>
      authenticator.create(options, { counter: 1, attestation: { format: "packed", statement: statement(signature) } });
    expect(await refusalOf(finish(packed(Buffer.from(sig).fill(0, sig.length - 4))))).toMatchObject(REFUSED);
    expect((await finish(packed(sig))).passkey.id).toBeDefined();
  });
});

describe("registration of a passkey: is refused, and the challenge stays open, with", () => {
  const bytes = (length: number) => Buffer.alloc(length, 1);
  const modulus = Buffer.alloc(256, 255);
  const p256Key = (algorithm: number) => {
    const { x, y } = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
    return ecKey(algorithm, 1, Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url"));
  };
  const certificate = new Map<Cbor, Cbor>([
    ["alg", -7],
    ["sig", bytes(70)],
    ["x5c", [bytes(300)]],
  ]);
  test.each<[string, Faults, Algorithm?]>([
    ["a challenge that was never issued", { challenge: "A".repeat(22) }],
    ["another origin", { origin: "https://evil.test" }],
    ["a page of another site around ours", { crossOrigin: true }],
    ["another domain", { rpId: "evil.test" }],
    ["a response of a login", { type: "webauthn.get" }],
    ["a user who was not verified", { isVerified: false }],
    ["a user who was not present", { isPresent: false }],
    ["an EdDSA key", {}, "EdDSA"],
    ["an ES384 key", {}, "ES384"],
    ["a key on another curve", { publicKey: ecKey(-7, 2, bytes(48), bytes(48)) }],
    ["a point that is not on the curve", { publicKey: ecKey(-7, 1, bytes(32), bytes(32)) }],
    ["an ES384 key on P-256", { publicKey: p256Key(-35) }],
    ["a P-256 key for RS256", { publicKey: p256Key(-257) }],
    ["an RSA key for ES256", { publicKey: rsaKey(modulus, Buffer.from([1, 0, 1]), -7) }],
    ["an RSA key for RS384", { publicKey: rsaKey(modulus, Buffer.from([1, 0, 1]), -258) }],
    ["an RSA key for RS1, which signs SHA-1", { publicKey: rsaKey(modulus, Buffer.from([1, 0, 1]), -65535) }],
    ["a short RSA key", { publicKey: rsaKey(bytes(128), Buffer.from([1, 0, 1])) }],
    ["a long RSA key", { publicKey: rsaKey(bytes(1024), Buffer.from([1, 0, 1])) }],
    ["a large RSA exponent", { publicKey: rsaKey(bytes(256), bytes(200)) }],
    ["a key that is no key", { publicKey: Buffer.from([0xa0]) }],
    ["an id that the authenticator did not make", { id: bytes(32).toString("base64url") }],
    ["an id that is too long", { credentialId: bytes(1024) }],
    ["an attestation with a certificate", { attestation: { format: "packed", statement: certificate } }],
    ["an attestation of another format", { attestation: { format: "fido-u2f", statement: certificate } }],
    ["an attestation of an unknown format", { attestation: { format: "new", statement: new Map() } }],
    ["a statement where there is none", { attestation: { format: "none", statement: certificate } }],
    ["an attestation of 64 kB", { padding: 48 * 1024 }],
  ])("%s", async (_, faults, algorithm) => {
    const { own, begin, finish, passkeys } = await registrant();
    const options = await begin();
    expect(await refusalOf(finish(newAuthenticator(algorithm).create(options, faults)))).toMatchObject(REFUSED);
    expect(await passkeys()).toHaveLength(1);
    expect((await readSession(database.db, own.id)).authenticationMethods).toBe("pwd");
    expect((await finish(newAuthenticator().create(options))).passkey.id).toBeDefined();
  });

  test("a passkey of another account, which keeps it", async () => {
    const victim = await accountWithPasskey(database.db, T0);
    const before = await victim.readPasskey();
    const { begin, finish, passkeys } = await registrant();
    const credentialId = Buffer.from(victim.authenticator.credentialId, "base64url");
    const options = await begin();
    expect(await refusalOf(finish(newAuthenticator().create(options, { credentialId })))).toMatchObject(REFUSED);
    expect(await victim.readPasskey()).toEqual(before);
    expect(await passkeys()).toHaveLength(1);
    const login = victim.authenticator.get(await beginLoginAssertion(database.db, newClient(), later(3)));
    const { access } = await loginByPasskey(
      ...([database.db, { response: { ...login }, remember: true }, newClient(), null, later(4)] as const),
    );
    expect(access.user.id).toBe(victim.userId);
    expect((await finish(newAuthenticator().create(options))).passkey.id).toBeDefined();
  });
});

describe("registration of a passkey: is refused with the challenge", () => {
  test("of another account", async () => {
    const [ada, mallory] = [await registrant(), await registrant()];
    expect(await refusalOf(ada.finish(newAuthenticator().create(await mallory.begin())))).toMatchObject(REFUSED);
  });

  test("of another session of the account", async () => {
    const { own, caller, finish } = await registrant();
    const other = (await openSession(database.db, own.user, true, MALLORY, T0))!;
    const there = { ...caller, session: { ...caller.session, id: other.id } };
    const options = await beginRegistration(database.db, there, newClient(), later(1));
    expect(await refusalOf(finish(newAuthenticator().create(options)))).toMatchObject(REFUSED);
  });

  test("of a login by passkey", async () => {
    const { begin, finish } = await registrant();
    const { challenge } = await beginLoginAssertion(database.db, newClient(), later(1));
    expect(await refusalOf(finish(newAuthenticator().create(await begin(), { challenge })))).toMatchObject(REFUSED);
  });

  test("of a step-up of the same session", async () => {
    const { own, begin, finish } = await registrant();
    const { challenge } = await beginAssertion(database.db, own.userId, own.id, newClient(), later(1));
    expect(await refusalOf(finish(newAuthenticator().create(await begin(), { challenge })))).toMatchObject(REFUSED);
  });

  test("that was used", async () => {
    const { begin, finish } = await registrant();
    const options = await begin();
    await finish(newAuthenticator().create(options));
    expect(await refusalOf(finish(newAuthenticator().create(options)))).toMatchObject(REFUSED);
  });

  test("that has expired, after five minutes", async () => {
    const { begin, finish } = await registrant();
    const response = newAuthenticator().create(await begin(T0));
    expect(await refusalOf(finish(response, { now: later(300) }))).toMatchObject(REFUSED);
    expect((await finish(response, { now: later(299) })).passkey.id).toBeDefined();
  });
});

test("registration of a passkey: ends with the session that began it", async () => {
  const { own, begin, finish, passkeys } = await registrant();
  const response = newAuthenticator().create(await begin());
  await revokeSession(database.db, { id: own.id, reason: "logout" });
  expect(await reasonOf(finish(response))).toBe("SESSION_ENDED");
  expect(await reasonOf(begin())).toBe("SESSION_ENDED");
  expect(await passkeys()).toHaveLength(1);
});

test("registration of a passkey: gives an account that is not the caller's nothing", async () => {
  const { begin, finish } = await registrant();
  const other = await existingUser(database.db);
  await finish(newAuthenticator().create(await begin()));
  const rows = await database.db.selectFrom("passkeys").select("id").where("userId", "=", other.id).execute();
  expect(rows).toEqual([]);
});
