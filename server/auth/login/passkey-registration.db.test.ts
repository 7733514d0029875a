import { beforeAll, describe, expect, test, vi } from "vitest";
import { isUnavailable } from "@/db/faults";
import { insertConfirmation } from "@/db/tables/confirmations";
import { atOnce, existingUser, readSession, useTestDatabase } from "@/db/testing";
import { countStatements, later, reasonOf, signedInSession, T0 } from "@/server/auth/db-testing";
import { beginPasskeyRegistrationInput, finishPasskeyRegistrationInput } from "@/server/auth/inputs/inputs";
import { beginLoginAssertion } from "@/server/auth/passkeys/assertion";
import { accountWithPasskey, newAuthenticator, type Faults } from "@/server/auth/passkeys/testing";
import { readRevocations } from "@/server/auth/sessions/revocation-feed";
import { ADA, newClient } from "@/server/auth/testing";
import { recordAborted, requestState } from "@/server/runtime/request-state";
import { login } from "./login";
import { loginByPasskey } from "./passkey-login";
import { beginPasskeyRegistration, registerByPasskey } from "./passkey-registration";
import { register } from "./register";

const database = useTestDatabase();
beforeAll(() => readRevocations(database.db));

let people = 0;
const newPerson = () => ({ email: `passkey-${++people}@example.test`, fullName: `Grace ${people}` });
type Person = ReturnType<typeof newPerson>;

const begin = (person: Person, { client = newClient(), now = later(1) } = {}) =>
  beginPasskeyRegistration(database.db, person, client, now);

const finish = (
  person: Person,
  response: object,
  { db = database.db, client = newClient(), presented = null as string | null, remember = true, now = later(2) } = {},
) => {
  const input = finishPasskeyRegistrationInput.parse({ ...person, response: { ...response }, remember });
  return whenAvailable(() => registerByPasskey(db, input, client, presented, now));
};

/** On a busy machine hashes and locked rows are waited for longer than a request may. It can be sent again. */
async function whenAvailable<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!isUnavailable(error) && (error as { reason?: string }).reason !== "UNAVAILABLE") throw error;
    return whenAvailable(run);
  }
}

const rowsOf = async (userId: string) => ({
  passkeys: await database.db.selectFrom("passkeys").selectAll().where("userId", "=", userId).execute(),
  codes: await database.db.selectFrom("recoveryCodes").selectAll().where("userId", "=", userId).execute(),
  mails: await database.db.selectFrom("outgoingMails").selectAll().where("userId", "=", userId).execute(),
});
const usersWith = ({ email }: Person) =>
  database.db.selectFrom("users").selectAll().where("email", "=", email).execute();
const openChallenges = (challenge: string) =>
  database.db.selectFrom("challenges").select("usedAt").where("challenge", "=", challenge).execute();

const refusalOf = (registration: Promise<unknown>) =>
  registration.then(
    () => expect.fail("The registration was not refused."),
    ({ reason, message, details }: { reason: string; message: string; details: object }) => ({
      reason,
      message,
      details,
    }),
  );
const REFUSED = { reason: "BAD_INPUT", message: "This passkey could not be added. Start again." };
const TAKEN = { reason: "EMAIL_TAKEN", details: { fields: { email: "An account with this email already exists." } } };

describe("registration by passkey:", () => {
  test("asks for a discoverable passkey and a verified user, and stores nothing about the person", async () => {
    const person = newPerson();
    const options = await begin(person);
    expect(options).toMatchObject({
      rp: { id: "localhost", name: "Portcullis" },
      user: { name: person.email, displayName: person.fullName },
      attestation: "none",
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      excludeCredentials: [],
    });
    expect(await usersWith(person)).toEqual([]);
    const rows = await database.db
      .selectFrom("challenges")
      .selectAll()
      .where("challenge", "=", options.challenge)
      .execute();
    expect(rows).toMatchObject([
      { ceremony: "account-registration", userId: null, usedAt: null, expiresAt: later(301) },
    ]);
    expect(JSON.stringify(rows)).not.toContain(person.email);
  });

  test.each(["ES256", "RS256"] as const)(
    "creates an account without a password by %s, and signs it in",
    async (algorithm) => {
      const person = newPerson();
      const authenticator = newAuthenticator(algorithm);
      const response = authenticator.create(await begin(person), { backedUp: true });
      const { access, cookies, recoveryCodes } = await finish(person, response, { client: ADA, remember: false });

      expect(access).toMatchObject({
        user: { ...person, role: "user" },
        authenticationMethods: ["pop", "user", "mfa"],
      });
      expect(cookies.map(({ name }) => name)).toEqual(["__acc", "__ref"]);
      const { id: userId } = access.user;
      expect(await readSession(database.db, access.sessionId)).toMatchObject({
        userId,
        remember: false,
        revokedAt: null,
      });
      expect(await usersWith(person)).toMatchObject([{ id: userId, passwordHash: "", emailVerifiedAt: null }]);
      const { passkeys, codes, mails } = await rowsOf(userId);
      expect(passkeys).toMatchObject([
        {
          credentialId: authenticator.credentialId,
          name: "Passkey (Firefox on Linux)",
          rpId: "localhost",
          backedUp: true,
        },
      ]);
      expect(recoveryCodes).toHaveLength(10);
      expect(codes.map(({ usedAt }) => usedAt)).toEqual(Array<null>(10).fill(null));
      expect(mails).toMatchObject([{ kind: "verify-email", recipient: person.email }]);
    },
  );

  test("the account signs in by its passkey, and by no password", async () => {
    const person = newPerson();
    const authenticator = newAuthenticator();
    const { access } = await finish(person, authenticator.create(await begin(person)));
    const response = authenticator.get(await beginLoginAssertion(database.db, newClient(), later(3)));
    const again = await loginByPasskey(database.db, { response, remember: true }, newClient(), null, later(4));
    expect(again.access.user).toEqual(access.user);
    for (const password of ["", " ", "a password"]) {
      const attempt = login(
        database.db,
        { email: person.email, password, remember: true },
        newClient(),
        null,
        later(5),
      );
      expect(await reasonOf(attempt)).toBe("INVALID_CREDENTIALS");
    }
  });

  test("the session that the browser had before ends", async () => {
    const before = await signedInSession(database.db, T0);
    const person = newPerson();
    await finish(person, newAuthenticator().create(await begin(person)), { presented: before.refreshToken });
    expect(await readSession(database.db, before.id)).toMatchObject({ revokedReason: "replaced by login" });
  });

  test("makes six changes in one transaction, after two reads", async () => {
    const person = newPerson();
    const response = newAuthenticator().create(await begin(person));
    const statements = await countStatements(database.url, (db) => finish(person, response, { db }));
    // The limit, the challenge, begin, challenge, user, session, mail, passkey, codes, commit.
    expect(statements).toBeLessThanOrEqual(10);
  });
});

describe("registration by passkey: a taken email", () => {
  test("is refused before the passkey is created, in any spelling, also by an address that its former account can restore", async () => {
    const { email } = await existingUser(database.db);
    const taken = beginPasskeyRegistrationInput.parse({ email: ` ${email.toUpperCase()}`, fullName: "An Intruder" });
    expect(await refusalOf(begin(taken))).toMatchObject(TAKEN);
    const restorable = newPerson();
    await insertRevert(restorable.email);
    expect(await refusalOf(begin(restorable))).toMatchObject(TAKEN);
  });

  test("is refused at the end if it was taken meanwhile, and nothing of the account stays", async () => {
    const person = newPerson();
    const response = newAuthenticator().create(await begin(person));
    const owner = await existingUser(database.db, { email: person.email, fullName: "The Owner" });
    const before = await rowsOf(owner.id);
    expect(await refusalOf(finish(person, response))).toMatchObject({
      ...TAKEN,
      // For the browser, which has a passkey without an account.
      details: { ...TAKEN.details, passkey: "unknown" },
    });
    expect(await usersWith(person)).toMatchObject([{ id: owner.id, fullName: "The Owner" }]);
    expect(await rowsOf(owner.id)).toEqual(before);
    expect(
      await database.db.selectFrom("passkeys").select("id").where("credentialId", "=", response.id).execute(),
    ).toEqual([]);
  });

  test("is refused at the end if its former account can restore it", async () => {
    const person = newPerson();
    const response = newAuthenticator().create(await begin(person));
    await insertRevert(person.email);
    expect(await refusalOf(finish(person, response))).toMatchObject(TAKEN);
    expect(await usersWith(person)).toEqual([]);
  });

  test("uses up the challenge, so that it cannot ask for one address after another", async () => {
    const person = newPerson();
    const options = await begin(person);
    const { email } = await existingUser(database.db);
    const response = newAuthenticator().create(options);
    expect(await refusalOf(finish({ ...person, email }, response))).toMatchObject(TAKEN);
    expect(await refusalOf(finish(person, response))).toMatchObject(REFUSED);
    expect(await usersWith(person)).toEqual([]);
  });

  test("of eight concurrent registrations, by passkey and by password, one succeeds", async () => {
    const person = newPerson();
    const responses = await Promise.all(
      Array.from({ length: 4 }, async () => newAuthenticator().create(await begin(person))),
    );
    const outcomes = await atOnce(8, (index) => {
      const withPassword = { ...person, password: "correct horse battery staple", remember: true };
      const registration: Promise<unknown> =
        index % 2 === 0
          ? finish(person, responses[index / 2]!)
          : whenAvailable(() => register(database.db, withPassword, newClient(), null, later(2)));
      return registration.then(
        () => "registered",
        (error: { reason: string }) => error.reason,
      );
    });
    expect(outcomes.sort()).toEqual([...Array<string>(7).fill("EMAIL_TAKEN"), "registered"]);
    expect(await usersWith(person)).toHaveLength(1);
  });
});

describe("registration by passkey: is refused, and the challenge stays open, with", () => {
  test.each<[string, Faults]>([
    ["a challenge that was never issued", { challenge: "A".repeat(22) }],
    ["another origin", { origin: "https://evil.test" }],
    ["a page of another site around ours", { crossOrigin: true }],
    ["another domain", { rpId: "evil.test" }],
    ["a response of a login", { type: "webauthn.get" }],
    ["a user who was not verified", { isVerified: false }],
    ["a user who was not present", { isPresent: false }],
    ["an id that the authenticator did not make", { id: "AQEB" }],
  ])("%s", async (_, faults) => {
    const person = newPerson();
    const options = await begin(person);
    expect(await refusalOf(finish(person, newAuthenticator().create(options, faults)))).toMatchObject(REFUSED);
    expect(await usersWith(person)).toEqual([]);
    await finish(person, newAuthenticator().create(options));
  });
});

describe("registration by passkey: is refused with", () => {
  test("a challenge of another ceremony", async () => {
    const person = newPerson();
    const { challenge } = await beginLoginAssertion(database.db, newClient(), later(1));
    const response = newAuthenticator().create(await begin(person), { challenge });
    expect(await refusalOf(finish(person, response))).toMatchObject(REFUSED);
    expect(await openChallenges(challenge)).toEqual([{ usedAt: null }]);
  });

  test("a challenge that has expired, after five minutes", async () => {
    const person = newPerson();
    const response = newAuthenticator().create(await begin(person, { now: T0 }));
    expect(await refusalOf(finish(person, response, { now: later(300) }))).toMatchObject(REFUSED);
    await finish(person, response, { now: later(299) });
  });

  test("a challenge that was used, also by another response and for another address", async () => {
    const person = newPerson();
    const options = await begin(person);
    const response = newAuthenticator().create(options);
    const { access } = await finish(person, response);
    const before = await rowsOf(access.user.id);
    expect(await refusalOf(finish(person, response))).toMatchObject(REFUSED);
    const other = newPerson();
    expect(await refusalOf(finish(other, response))).toMatchObject(REFUSED);
    expect(await refusalOf(finish(other, newAuthenticator().create(options)))).toMatchObject(REFUSED);
    expect(await usersWith(other)).toEqual([]);
    expect(await rowsOf(access.user.id)).toEqual(before);
  });

  test("one challenge many times at once: one account is created", async () => {
    const options = await begin(newPerson());
    const outcomes = await atOnce(4, () =>
      finish(newPerson(), newAuthenticator().create(options)).then(
        ({ access }) => access.user.id,
        (error: { reason: string }) => error.reason,
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "BAD_INPUT")).toHaveLength(3);
    const [userId] = outcomes.filter((outcome) => outcome !== "BAD_INPUT");
    const { passkeys, codes } = await rowsOf(userId!);
    expect([passkeys.length, codes.length]).toEqual([1, 10]);
  });

  test("the passkey of another account, which keeps it", async () => {
    const victim = await accountWithPasskey(database.db, T0);
    const before = await victim.readPasskey();
    const person = newPerson();
    const credentialId = Buffer.from(victim.authenticator.credentialId, "base64url");
    const options = await begin(person);
    expect(await refusalOf(finish(person, newAuthenticator().create(options, { credentialId })))).toMatchObject({
      ...REFUSED,
      details: {},
    });
    expect(await victim.readPasskey()).toEqual(before);
    expect(await usersWith(person)).toEqual([]);
    // Each attempt costs ten hashes.
    expect(await refusalOf(finish(person, newAuthenticator().create(options)))).toMatchObject(REFUSED);
  });
});

describe("registration by passkey: limits", () => {
  test("an address begins five registrations a minute, those with a password included", async () => {
    const client = newClient();
    const withPassword = { ...newPerson(), password: "short", remember: true };
    expect(await reasonOf(register(database.db, withPassword, client, null, later(1)))).toBe("WEAK_PASSWORD");
    for (let count = 0; count < 4; count++) await begin(newPerson(), { client });
    expect(await reasonOf(begin(newPerson(), { client }))).toBe("RATE_LIMITED");
    await begin(newPerson(), { client, now: later(62) });
  });

  test("an address sends five responses a minute, and others that begin do not use them up", async () => {
    const client = newClient();
    const person = newPerson();
    const response = newAuthenticator().create(await begin(person, { client }));
    for (let count = 0; count < 4; count++) await begin(newPerson(), { client });
    for (let count = 0; count < 4; count++) {
      expect(await refusalOf(finish(person, {}, { client }))).toMatchObject(REFUSED);
    }
    await finish(person, response, { client });
    expect(await refusalOf(finish(person, {}, { client }))).toMatchObject({ reason: "RATE_LIMITED" });
  });
});

describe("registration by passkey: a response that could not be sent", () => {
  async function undelivered() {
    const person = newPerson();
    const options = await begin(person);
    const authenticator = newAuthenticator();
    const response = authenticator.create(options);
    const notes = { requestId: "lost" };
    const { access, recoveryCodes } = await requestState.run(notes, () => finish(person, response));
    recordAborted(notes, false);
    await vi.waitFor(async () => {
      expect(await readSession(database.db, access.sessionId)).toMatchObject({ revokedReason: "never delivered" });
    }, 30_000);
    return { person, options, response, user: access.user, recoveryCodes };
  }

  test("is repeated by the same request, once, with new recovery codes", async () => {
    const { person, response, user, recoveryCodes } = await undelivered();
    const { codes } = await rowsOf(user.id);
    const again = await finish(person, response, { now: later(3) });
    expect(again.access.user).toEqual(user);
    expect(again.access.authenticationMethods).toEqual(["pop", "user", "mfa"]);
    expect(new Set([...again.recoveryCodes, ...recoveryCodes]).size).toBe(20);
    const after = await rowsOf(user.id);
    expect([after.passkeys.length, after.codes.length]).toEqual([1, 10]);
    expect(after.codes.map(({ codeHash }) => codeHash)).not.toEqual(codes.map(({ codeHash }) => codeHash));
    expect(await refusalOf(finish(person, response, { now: later(4) }))).toMatchObject(REFUSED);
  });

  test("is not repeated by another passkey, or after the challenge has expired", async () => {
    const { person, options, response, user } = await undelivered();
    const before = await rowsOf(user.id);
    expect(await refusalOf(finish(person, newAuthenticator().create(options)))).toMatchObject(REFUSED);
    const credentialId = Buffer.from(response.id, "base64url");
    expect(await refusalOf(finish(person, newAuthenticator().create(options, { credentialId })))).toMatchObject(
      REFUSED,
    );
    expect(await refusalOf(finish(person, response, { now: later(301) }))).toMatchObject(REFUSED);
    expect(await rowsOf(user.id)).toEqual(before);
  });
});

/** An account that had this address, and can restore it. */
async function insertRevert(email: string): Promise<void> {
  const former = await existingUser(database.db);
  const revert = { id: crypto.randomUUID(), userId: former.id, purpose: "revert-email", email, salt: "x".repeat(22) };
  await database.db
    .transaction()
    .execute((trx) =>
      insertConfirmation(trx, { ...revert, askedBySessionId: null, createdAt: T0, expiresAt: later(3600) }),
    );
}
