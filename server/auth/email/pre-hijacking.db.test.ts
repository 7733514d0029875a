import { describe, expect, test } from "vitest";
import { findUserForLogin } from "@/db/tables/users";
import { requestDeletion } from "@/server/auth/account/request-deletion";
import {
  callerWith,
  later,
  NEW_PASSWORD,
  reasonOf,
  refreshTokenIn,
  T0,
  type SignedInTestSession,
  logIn as login,
} from "@/server/auth/db-testing";
import { loginByPasskey } from "@/server/auth/login/passkey-login";
import { beginPasskeyRegistration, registerByPasskey } from "@/server/auth/login/passkey-registration";
import { register } from "@/server/auth/login/register";
import { beginLoginAssertion } from "@/server/auth/passkeys/assertion";
import { newAuthenticator } from "@/server/auth/passkeys/testing";
import { openSession } from "@/server/auth/sessions/open-session";
import { refresh } from "@/server/auth/sessions/refresh";
import { isMarkedRevoked } from "@/server/auth/sessions/revocation-feed";
import { ADA, clientAt, MALLORY } from "@/server/auth/testing";
import type { IssuedTokens } from "@/server/auth/sessions/issue-tokens";
import { useMailFlows } from "./testing";

const flows = useMailFlows();
const { database, accountOf, receiveMail, receiveMails, perform, askForReset, askForChange, askForVerification } =
  flows;

const THEIR_PASSWORD = "nine purple anchors drift east";
const OFFICE = clientAt("198.51.100.77");

/** An attacker who registered the address of `email`, and has done with the account what can be done without its mailbox. */
async function hijacked() {
  const email = `owner-${crypto.randomUUID()}@example.test`;
  const theirEmail = `attacker-${crypto.randomUUID()}@example.test`;
  const password = THEIR_PASSWORD;
  const account = { fullName: "Ada Lovelace", email, password, remember: true };
  const first = await register(database.db, account, ADA, null, T0);
  const { id: userId } = first.access.user;
  const credentials = { email, password, remember: true };
  const second = await login(database.db, credentials, OFFICE, null, later(1));
  const session = { ...sessionOf(first), userId, user: { ...(await accountOf(userId)), role: "user" } };
  await askForChange(session, theirEmail, 2);
  await askForVerification(session, 3);
  const change = await receiveMail("change-email", 4, { to: theirEmail });
  const toOwner = await receiveMails(4, { to: email });
  return { email, theirEmail, userId, credentials, session, tokens: [first, second], change, toOwner };
}

function sessionOf({ access, cookies }: IssuedTokens): Omit<SignedInTestSession, "userId" | "user"> {
  return { id: access.sessionId, accessToken: cookies[0]!.value, refreshToken: refreshTokenIn({ cookies })! };
}

/** The owner, who has only the mailbox, forgets the password that they never chose. */
async function resetByOwner({ email }: { email: string }, seconds = 10) {
  await askForReset(email, seconds);
  const { token } = await receiveMail("reset-password", seconds, { to: email });
  await perform({ token, newPassword: NEW_PASSWORD }, { seconds: seconds + 5 });
}

describe("an account that was registered with another person's address, after the owner's reset:", () => {
  test("every session of the attacker has ended, and no login of theirs in progress opens one", async () => {
    const attacked = await hijacked();
    const inProgress = await accountOf(attacked.userId);
    await resetByOwner(attacked);
    for (const issued of attacked.tokens) {
      expect(isMarkedRevoked(issued.access.sessionId)).toBe(true);
      const client = issued === attacked.tokens[0] ? ADA : OFFICE;
      const outcome = await refresh(database.db, sessionOf(issued).refreshToken, client, later(20));
      expect(outcome).toMatchObject({ kind: "ended" });
    }
    expect(await openSession(database.db, inProgress, true, ADA, later(20))).toBeNull();
  });

  test("their password is refused, also on the devices that they had signed in on, and no device counts as known", async () => {
    const attacked = await hijacked();
    await resetByOwner(attacked);
    for (const client of [ADA, OFFICE]) {
      const again = login(database.db, attacked.credentials, client, null, later(20));
      expect(await reasonOf(again)).toBe("INVALID_CREDENTIALS");
      const user = await findUserForLogin(database.db, attacked.email, { ...client, ip: client.address });
      expect(user).toMatchObject({ id: attacked.userId, knownSessionId: null });
    }
    const own = { ...attacked.credentials, password: NEW_PASSWORD };
    expect(await login(database.db, own, MALLORY, null, later(30))).toMatchObject({
      access: { isEmailVerified: true },
    });
  });

  test("their pending change of address and every link that they have is spent, whatever they present with it", async () => {
    const attacked = await hijacked();
    await resetByOwner(attacked);
    const { token, code } = attacked.change;
    for (const input of [{ token }, { token, code }, { email: attacked.theirEmail, code }]) {
      const pressed = perform(input, { seconds: 20, session: attacked.session, client: ADA });
      expect(await reasonOf(pressed)).toBe("LINK_SPENT");
    }
    const user = await accountOf(attacked.userId);
    expect(user.email).toBe(attacked.email);
    expect(user.emailVerifiedAt).toEqual(later(15));
    const open = database.db.selectFrom("confirmations").select(["purpose", "email"]).where("userId", "=", user.id);
    const left = await open.where("usedAt", "is", null).where("supersededAt", "is", null).execute();
    // What is left was sent to the owner's address only, and serves its owner.
    expect(left.filter(({ purpose, email }) => purpose !== "not-me" || email !== attacked.email)).toEqual([]);
    expect(attacked.toOwner.every(({ recipient }) => recipient === attacked.email)).toBe(true);
  });

  test("the passkey with which they registered signs in no more, and their recovery codes are gone", async () => {
    const person = { email: `owner-${crypto.randomUUID()}@example.test`, fullName: "Ada Lovelace" };
    const authenticator = newAuthenticator();
    const response = { ...authenticator.create(await beginPasskeyRegistration(database.db, person, MALLORY, T0)) };
    const input = { ...person, response, remember: true };
    const { access } = await registerByPasskey(database.db, input, MALLORY, null, later(1));
    await resetByOwner(person);
    expect(isMarkedRevoked(access.sessionId)).toBe(true);
    const again = authenticator.get(await beginLoginAssertion(database.db, MALLORY, later(20)));
    const attempt = loginByPasskey(database.db, { response: again, remember: true }, MALLORY, null, later(21));
    expect(await reasonOf(attempt)).toBe("INVALID_CREDENTIALS");
    const credentials = { email: person.email, password: NEW_PASSWORD, remember: true };
    expect((await login(database.db, credentials, OFFICE, null, later(22))).access.user.id).toBe(access.user.id);
  });

  test("mails that they had asked for and that were not sent yet are not sent any more", async () => {
    const attacked = await hijacked();
    const late = `late-${crypto.randomUUID()}@example.test`;
    await askForChange(attacked.session, late, 100);
    await askForReset(attacked.email, 100);
    const { token } = await receiveMail("reset-password", 100, { to: attacked.email });
    await perform({ token, newPassword: NEW_PASSWORD }, { seconds: 105 });
    expect(await receiveMails(110, { to: late })).toEqual([]);
  });

  test("if they had asked for its deletion, the owner undoes it by the mail, and then resets the password", async () => {
    const attacked = await hijacked();
    const caller = await callerWith(attacked.session);
    const typed = { email: attacked.email, legacyEmail: attacked.email };
    await requestDeletion(database.db, caller, typed, ADA, later(6));
    const { token, code } = await receiveMail("deletion-requested", 7, { to: attacked.email });
    await perform({ token, code }, { seconds: 8 });
    await resetByOwner(attacked, 100);
    const own = { ...attacked.credentials, password: NEW_PASSWORD };
    expect(await login(database.db, own, MALLORY, null, later(120))).toMatchObject({
      access: { user: { id: attacked.userId } },
    });
  });
});
