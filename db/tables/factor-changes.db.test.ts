import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { daysAfter, existingFactors, existingSession, existingUser, newNonce, useTestDatabase } from "@/db/testing";
import { findUserOfChallenge, insertChallenge } from "./challenges";
import { useRecoveryCode, useTotpStep, type CodeUse } from "./factor-changes";
import { usePasskey } from "./passkeys";
import { revokeSession } from "./revocations";

const database = useTestDatabase();
const now = new Date("2026-11-30T12:00:00.250Z");

async function newAccount(given = {}) {
  const { id: userId } = await existingUser(database.db, given);
  const { id: passkeyId } = await existingFactors(database.db, { userId, at: daysAfter(now, -1) });
  const of = (table: "totpSecrets" | "recoveryCodes" | "passkeys" | "challenges" | "sessions") =>
    database.db.selectFrom(table).selectAll().where("userId", "=", userId).execute();
  const read = async () => [await of("totpSecrets"), await of("recoveryCodes"), await of("passkeys")];
  return { userId, passkeyId, read, challenges: () => of("challenges"), sessions: () => of("sessions") };
}
type Account = Awaited<ReturnType<typeof newAccount>>;

type GivenChallenge = { ceremony?: string; expiresAt?: Date; usedAt?: Date; boundTo?: string };

/** A login of the account that waits for its second step, unless `given` says otherwise. */
async function newChallenge({ userId }: Account, { usedAt, ...given }: GivenChallenge = {}) {
  const id = randomUUID();
  const times = { createdAt: now, expiresAt: new Date(now.getTime() + 300_000) };
  await insertChallenge(database.db, { id, ceremony: "login", userId, challenge: newNonce(), ...times, ...given });
  const row = database.db.updateTable("challenges").where("id", "=", id);
  if (usedAt !== undefined) await row.set({ usedAt }).execute();
  return id;
}

const useTotp = ({ userId }: Account, use: CodeUse) =>
  useTotpStep(database.db, userId, { secret: "secret of own", reencrypted: "secret of own", lastStep: 7 }, use, now);
const useCode = ({ userId }: Account, use: CodeUse) =>
  useRecoveryCode(database.db, userId, { number: 1, codeHash: "hash of own" }, use, now);

/** With a challenge of its own, which the login began. */
async function usePasskeyFor(account: Account, use: CodeUse) {
  const loginChallengeId = use.kind === "login" ? use.challengeId : null;
  const begun = { ceremony: "passkey-assertion", boundTo: loginChallengeId ?? randomUUID() };
  const challengeId = await newChallenge(account, begun);
  const { passkeyId } = account;
  return usePasskey(
    database.db,
    { passkeyId, challengeId, loginChallengeId, signatureCounter: 9, backedUp: true },
    now,
  );
}

describe.each([
  ["a code of an app", useTotp],
  ["a recovery code", useCode],
  ["a passkey", usePasskeyFor],
])("%s is used up for the second step of a login", (_, useUp) => {
  test("that waits for it, once", async () => {
    const account = await newAccount();
    const before = await account.read();
    const use = { kind: "login", challengeId: await newChallenge(account) } as const;
    expect(await useUp(account, use)).toBe(true);
    expect(await account.read()).not.toEqual(before);
    expect(
      await findUserOfChallenge(database.db, use.challengeId, { ip: "", browser: "", os: "" }, now),
    ).toBeUndefined();
    expect(await useUp(account, use)).toBe(false);
  });

  test.each<[string, (own: Account) => Promise<string>]>([
    ["was used", (own) => newChallenge(own, { usedAt: now })],
    ["has expired", (own) => newChallenge(own, { expiresAt: now })],
    ["is another ceremony", (own) => newChallenge(own, { ceremony: "passkey-login" })],
    ["is another account's", async () => newChallenge(await newAccount())],
    ["does not exist", async () => randomUUID()],
  ])("and not for one that %s", async (_, wrong) => {
    const account = await newAccount();
    const challengeId = await wrong(account);
    const [before, challenges] = [await account.read(), await account.challenges()];
    expect(await useUp(account, { kind: "login", challengeId })).toBe(false);
    expect(await account.read()).toEqual(before);
    expect(await account.challenges()).toEqual(expect.arrayContaining(challenges));
  });
});

test("a passkey is not used up by a challenge that another login of the account has begun", async () => {
  const account = await newAccount();
  const [one, other] = [await newChallenge(account), await newChallenge(account)];
  const challengeId = await newChallenge(account, { ceremony: "passkey-assertion", boundTo: other });
  const use = { passkeyId: account.passkeyId, challengeId, signatureCounter: 9, backedUp: true };
  const before = await account.read();
  expect(await usePasskey(database.db, { ...use, loginChallengeId: one }, now)).toBe(false);
  expect(await account.read()).toEqual(before);
  expect(await usePasskey(database.db, { ...use, loginChallengeId: other }, now)).toBe(true);
});

describe.each([
  ["a code of an app", useTotp],
  ["a recovery code", useCode],
])("%s is used up for a step-up", (_, useUp) => {
  test("of a live session, which records it", async () => {
    const account = await newAccount();
    const { id: sessionId } = await existingSession(database.db, { userId: account.userId });
    expect(await useUp(account, { kind: "step-up", sessionId, methods: "otp" })).toBe(true);
    expect(await account.sessions()).toMatchObject([{ authenticationMethods: "otp" }]);
  });

  test.each<[string, (own: Account) => Promise<string>]>([
    ["was revoked", async (own) => ended(own, (id) => revokeSession(database.db, { id, reason: "logout" }))],
    ["was idle for too long", async (own) => ended(own, (id) => changeSession(id, { idleExpiresAt: now }))],
    ["is of an account that was disabled", async (own) => ended(own, () => disable(own))],
    ["is another account's", async () => (await existingSession(database.db)).id],
    ["does not exist", async () => randomUUID()],
  ])("and not of one that %s", async (_, wrong) => {
    const account = await newAccount();
    const sessionId = await wrong(account);
    const before = [await account.read(), await account.sessions()];
    expect(await useUp(account, { kind: "step-up", sessionId, methods: "otp" })).toBe(false);
    expect([await account.read(), await account.sessions()]).toEqual(before);
  });
});

async function ended({ userId }: Account, end: (id: string) => Promise<unknown>) {
  const { id } = await existingSession(database.db, { userId });
  await end(id);
  return id;
}

const changeSession = (id: string, given: { idleExpiresAt: Date }) =>
  database.db.updateTable("sessions").set(given).where("id", "=", id).execute();
const disable = ({ userId }: Account) =>
  database.db.updateTable("users").set({ disabledAt: now }).where("id", "=", userId).execute();

test.each<[string, GivenChallenge]>([
  ["that was used", { usedAt: now }],
  ["that has expired", { expiresAt: now }],
  ["of another ceremony", { ceremony: "passkey-assertion" }],
])("the user of a pending login is not found by a challenge %s", async (_, given) => {
  const account = await newAccount();
  const device = { ip: "192.0.2.7", browser: "Firefox", os: "Linux" };
  const found = async (id: string) => (await findUserOfChallenge(database.db, id, device, now))?.id;
  expect(await found(await newChallenge(account))).toBe(account.userId);
  expect(await found(await newChallenge(account, given))).toBeUndefined();
});
