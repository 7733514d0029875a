import { sql } from "kysely";
import { TOTP } from "otpauth";
import { describe, expect, test, vi } from "vitest";
import { existingUser, lockTable, newSession, readSession } from "@/db/testing";
import {
  connectThroughProxy,
  cookieHeader,
  later,
  PASSWORD,
  signedInSession,
  T0,
  useAppDatabase,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { hashPassword } from "@/server/auth/passwords/password";
import { accountWithPasskey, newAuthenticator } from "@/server/auth/passkeys/testing";
import { ADA, MALLORY, newClient } from "@/server/auth/testing";
import { createLog } from "./log";
import type { SecurityEvent } from "./security-events";

type Line = { event?: SecurityEvent } & Record<string, unknown>;

// Replaces the log of this process; modules loaded from now on use it.
const written: Line[] = [];
const collecting = createLog({ write: (line) => void written.push(JSON.parse(line)) });
Object.assign(globalThis, { [Symbol.for("portcullis.log")]: collecting });
vi.resetModules();
const { handleCall } = await import("@/server/api/handler");
const { requestState } = await import("./request-state");
const { securityCounts } = await import("./security-events");
const { composeMail } = await import("@/server/auth/email/compose-mail");
const { purgeDueAccounts } = await import("@/server/background");
const { insertMail } = await import("@/db/tables/outgoing-mails");
const { startDelivery } = await import("@/server/mail/delivery");
const { newMail } = await import("@/server/mail/outbox");

const ORIGIN = "http://localhost:3000";

const database = useAppDatabase();
const passwordHash = await hashPassword(PASSWORD);

interface CallOptions {
  cookie?: Partial<Pick<SignedInTestSession, "accessToken" | "refreshToken">> & { challengeToken?: string };
  client?: typeof ADA;
  seconds?: number;
}

let requests = 0;

/** One call as the entry forwards it: its response, and the security events that it logged and counted. */
async function call(path: string, input?: unknown, { cookie = {}, client = ADA, seconds = 10 }: CallOptions = {}) {
  const requestId = `request-${++requests}`;
  const headers = {
    origin: ORIGIN,
    "content-type": "application/json",
    "user-agent": client.userAgent,
    "x-portcullis-address": client.address,
    "x-request-id": requestId,
    cookie: `${cookieHeader(cookie)}; __chl=${cookie.challengeToken ?? ""}`,
  };
  const body = input === undefined ? undefined : JSON.stringify(input);
  const request = new Request(`${ORIGIN}/api/trpc/${path}`, { method: "POST", headers, body });
  const before = securityCounts();
  const state = { requestId };
  const response = await requestState.run(state, () => handleCall(request, later(seconds)));
  const events = written.filter((line) => line.event !== undefined && line.requestId === requestId);
  const counted = Object.entries(securityCounts()).flatMap(([event, count]) =>
    Array.from({ length: count - before[event as SecurityEvent] }, () => event),
  );
  expect(counted.sort(), "the counters match the logged events").toEqual(events.map(({ event }) => event).sort());
  const tokens = response.headers.getSetCookie().map((one) => /^__(acc|ref|chl)=([^;]+)/.exec(one)?.slice(1) ?? []);
  const {
    acc: accessToken,
    ref: refreshToken,
    chl: challengeToken,
  } = Object.fromEntries(tokens) as Record<string, string | undefined>;
  return { json: JSON.parse(await response.text()), events, state, accessToken, refreshToken, challengeToken };
}

/** The logged events without time, message and request id. */
function eventsOf({ events }: { events: Line[] }) {
  return events.map(({ time: _, msg: _msg, requestId: _id, ...line }) => line);
}

const newUser = () => existingUser(database.db, { passwordHash });
const of = ({ id, userId }: SignedInTestSession) => ({ sessionId: id, userId });

describe("security events: account", () => {
  test("security events: a registration logs account-registered with the new session", async () => {
    const client = newClient();
    const email = `${crypto.randomUUID()}@example.test`;
    const response = await call("auth.register", { fullName: "Ada", email, password: PASSWORD }, { client });
    const { user, session } = response.json.result.data;
    expect(eventsOf(response)).toEqual([
      {
        level: "info",
        event: "account-registered",
        sessionId: session.id,
        userId: user.id,
        address: client.address,
        methods: ["password"],
      },
    ]);
  });

  test("security events: a registration by passkey logs account-registered, and its begin and a refusal log nothing", async () => {
    const client = newClient();
    const person = { fullName: "Grace", email: `${crypto.randomUUID()}@example.test` };
    const begun = await call("auth.beginPasskeyRegistration", person, { client });
    const finish = (faults: object) => {
      const response = newAuthenticator().create(begun.json.result.data, faults);
      return call("auth.finishPasskeyRegistration", { ...person, response }, { client });
    };
    const refused = await finish({ isVerified: false });
    const finished = await finish({});
    expect([eventsOf(begun), eventsOf(refused)]).toEqual([[], []]);
    const { user, session } = finished.json.result.data;
    const ids = { sessionId: session.id, userId: user.id };
    const how = { address: client.address, methods: ["passkey"] };
    expect(eventsOf(finished)).toEqual([{ level: "info", event: "account-registered", ...ids, ...how }]);
  });

  test.each([
    ["the password logs step-up", PASSWORD, "info", "step-up"],
    ["a wrong password logs step-up-refused", "wrong", "warn", "step-up-refused"],
  ])("security events: a step-up with %s", async (_, password, level, event) => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const response = await call("auth.stepUp", { method: "password", password }, { cookie: session });
    expect(eventsOf(response)).toEqual([{ level, event, ...of(session), method: "password", address: ADA.address }]);
  });

  test("security events: a password change logs password-changed", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const input = { currentPassword: PASSWORD, newPassword: "seven violet bridges over otters" };
    const response = await call("users.changePassword", input, { cookie: session });
    expect(eventsOf(response)).toEqual([
      {
        level: "info",
        event: "password-changed",
        userId: session.userId,
        sessionId: expect.any(String),
        replaced: session.id,
        openedBy: later(10).toISOString(),
        address: ADA.address,
      },
    ]);
    expect(response.accessToken).toEqual(expect.any(String));
    expect(response.refreshToken).not.toBe(session.refreshToken);
  });

  test("security events: an export logs account-exported", async () => {
    const session = await signedInSession(database.db, T0);
    const response = await call("account.export", undefined, { cookie: session });
    expect(eventsOf(response)).toEqual([{ level: "info", event: "account-exported", ...of(session) }]);
  });

  test("security events: a deletion logs deletion-requested, its undo deletion-undone, and the purge account-purged", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const { email, id: userId } = session.user;
    const deletesAt = "2026-12-05T12:00:10.250Z";
    const requested = await call("account.requestDeletion", { email }, { cookie: session });
    const address = ADA.address;
    expect(eventsOf(requested)).toEqual([
      { level: "warn", event: "deletion-requested", ...of(session), deletesAt, address },
    ]);

    const mail = await database.db
      .selectFrom("outgoingMails")
      .selectAll()
      .where("userId", "=", userId)
      .executeTakeFirst();
    const { text } = (await composeMail(database.db, mail!, later(20)))!;
    const token = /\/confirm#([\w-]+)/.exec(text)![1];
    const code = /^ {4}([0-9A-Z]{4}-[0-9A-Z]{4})$/m.exec(text)![1];
    const undone = await call("confirm.perform", { token, code }, { seconds: 30 });
    expect(eventsOf(undone)).toEqual([{ level: "warn", event: "deletion-undone", userId, address }]);

    const due = { disabledAt: T0, deletesAt: later(40) };
    await database.db.updateTable("users").set(due).where("id", "=", userId).execute();
    await purgeDueAccounts(database.db, later(40));
    const purged = written.filter(({ event }) => event === "account-purged");
    expect(purged).toEqual([expect.objectContaining({ level: "info", userId })]);
  });
});

describe("security events: links and mails", () => {
  /** The link and the code of the newest mail of a kind, as its recipient reads them. */
  async function linkOf(kind: string, recipient: string) {
    const mail = await database.db
      .selectFrom("outgoingMails")
      .selectAll()
      .where("kind", "=", kind)
      .where("recipient", "=", recipient)
      .orderBy("id", "desc")
      .executeTakeFirstOrThrow();
    const { text } = (await composeMail(database.db, mail, later(20)))!;
    return { token: /\/confirm#([\w-]+)/.exec(text)![1], code: /^ {4}([0-9A-Z]{4}-[0-9A-Z]{4})$/m.exec(text)![1] };
  }

  const signIn = () => signedInSession(database.db, T0, { passwordHash, emailVerifiedAt: T0 });
  const confirm = (input: unknown) => call("confirm.perform", input, { seconds: 30 });
  const address = ADA.address;
  const allEnded = (userId: string, revoked: number, reason: string) => ({
    level: "info",
    event: "all-sessions-ended",
    userId,
    openedBy: later(30).toISOString(),
    revoked,
    reason,
  });

  test("security events: a verification logs verification-requested and email-verified, a wrong code confirmation-refused", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const { id: userId, email } = session.user;
    const requested = await call("email.requestVerification", undefined, { cookie: session });
    expect(eventsOf(requested)).toEqual([{ level: "info", event: "verification-requested", ...of(session) }]);
    const link = await linkOf("verify-email", email);
    expect(eventsOf(await confirm({ ...link, code: "0000-0000" }))).toEqual([
      { level: "warn", event: "confirmation-refused", userId, address, verdict: "wrong code" },
    ]);
    expect(eventsOf(await confirm(link))).toEqual([{ level: "info", event: "email-verified", userId, address }]);
  });

  test("security events: a reset logs reset-requested, password-reset and all-sessions-ended", async () => {
    const { user } = await signIn();
    const requested = await call("password.requestReset", { email: user.email });
    expect(eventsOf(requested)).toEqual([{ level: "info", event: "reset-requested", address }]);
    const { token } = await linkOf("reset-password", user.email);
    const reset = await confirm({ token, newPassword: "seven violet bridges over otters" });
    expect(eventsOf(reset)).toEqual([
      { level: "info", event: "password-reset", userId: user.id, address },
      allEnded(user.id, 1, "password reset"),
    ]);
  });

  test("security events: a change of address and its undo log email-change-requested, email-changed and email-reverted", async () => {
    const session = await signIn();
    const { id: userId, email: oldEmail } = session.user;
    const email = `new.${oldEmail}`;
    const requested = await call("email.requestChange", { email }, { cookie: session });
    expect(eventsOf(requested)).toEqual([{ level: "info", event: "email-change-requested", ...of(session), address }]);
    const changed = await confirm(await linkOf("change-email", email));
    expect(eventsOf(changed)).toEqual([{ level: "info", event: "email-changed", userId, address }]);
    const reverted = await confirm(await linkOf("email-changed", oldEmail));
    expect(eventsOf(reverted)).toEqual([
      { level: "error", event: "email-reverted", userId, address },
      allEnded(userId, 1, "address restored"),
    ]);
  });

  test("security events: a report from a notice logs not-me and all-sessions-ended", async () => {
    const session = await signIn();
    const input = { currentPassword: PASSWORD, newPassword: "seven violet bridges over otters" };
    await call("users.changePassword", input, { cookie: session });
    const { id: userId, email } = session.user;
    expect(eventsOf(await confirm(await linkOf("password-changed", email)))).toEqual([
      { level: "error", event: "not-me", userId, address },
      allEnded(userId, 1, "not me"),
    ]);
  });

  test("security events: the delivery logs mail-sent, mail-delayed and mail-failed", async () => {
    const failures: Record<string, object> = {
      "mail-sent": {},
      "mail-delayed": { responseCode: 450, command: "RCPT TO" },
      "mail-failed": { responseCode: 550, command: "RCPT TO" },
    };
    for (const [event, failure] of Object.entries(failures)) {
      const mail = newMail({ kind: "verify-email" }, { userId: null, recipient: `${event}@example.test` }, new Date())!;
      await database.db.updateTable("outgoingMails").set({ nextAttemptAt: null }).execute();
      await insertMail(database.db, mail);
      const send = async () => {
        if (event !== "mail-sent") throw Object.assign(new Error("refused"), failure);
      };
      const compose = async () => ({ subject: "Subject", text: "Text", html: "" });
      const stop = startDelivery({ db: database.db, transport: { send, close: () => {} }, compose });
      const logged = () => written.filter((line) => line.event === event && line.mailId === mail.id);
      await vi.waitFor(() => expect(logged()).toHaveLength(1), { timeout: 60_000 });
      await stop();
    }
  });
});

describe("security events: login", () => {
  test("security events: a login logs logged-in", async () => {
    const { id: userId, email } = await newUser();
    const client = newClient();
    const response = await call("auth.login", { email, password: PASSWORD }, { client });
    const { id: sessionId } = response.json.result.data.session;
    expect(eventsOf(response)).toEqual([
      { level: "info", event: "logged-in", sessionId, userId, address: client.address, methods: ["password"] },
    ]);
    expect(response.state, "the request log line has them too").toMatchObject({ sessionId, userId });
  });

  test("security events: a refused login logs login-refused, with the user id if the account exists", async () => {
    const { id: userId, email } = await newUser();
    const client = newClient();
    const refused = { level: "warn", event: "login-refused", address: client.address };
    expect(eventsOf(await call("auth.login", { email, password: "wrong" }, { client }))).toEqual([
      { ...refused, userId },
    ]);
    const unknown = { email: `${crypto.randomUUID()}@example.test`, password: "wrong" };
    expect(eventsOf(await call("auth.login", unknown, { client }))).toEqual([refused]);
  });

  test("security events: a login while all sessions of the account are ended logs login-superseded", async () => {
    const { id: userId, email } = await newUser();
    const client = newClient();
    const answering = await database.db.transaction().execute(async (trx) => {
      await trx.selectFrom("users").select("id").where("id", "=", userId).forUpdate().execute();
      const started = call("auth.login", { email, password: PASSWORD }, { client });
      // On a Galera node the login locks the user before it inserts the session.
      const waiting = sql`select 1 from information_schema.processlist where db = database() and id <> connection_id()
        and (info like ${"insert into `sessions`%"} or info like ${"select % from `users` % for update"})`;
      await vi.waitFor(async () => expect((await waiting.execute(trx)).rows).toHaveLength(1), 5_000);
      await trx.updateTable("users").set({ sessionEpoch: 1 }).where("id", "=", userId).execute();
      return { started };
    });
    expect(eventsOf(await answering.started)).toEqual([
      { level: "info", event: "login-superseded", userId, address: client.address },
    ]);
  });

  test("security events: a login beyond the maximum number of sessions logs oldest-sessions-ended", async () => {
    const { id: userId, email } = await newUser();
    // By one statement: a hundred waiting for the user's mutex would time out on a busy machine.
    const sessions = Array.from({ length: 101 }, () => newSession(userId, { createdAt: T0 }));
    await database.db.insertInto("sessions").values(sessions).execute();
    const client = newClient();
    const response = await call("auth.login", { email, password: PASSWORD }, { client });
    const { id: sessionId } = response.json.result.data.session;
    expect(eventsOf(response)).toEqual([
      { level: "info", event: "oldest-sessions-ended", userId, revoked: 2, reason: "too many sessions" },
      { level: "info", event: "logged-in", sessionId, userId, address: client.address, methods: ["password"] },
    ]);
  });

  test("security events: a login that replaces a session logs session-ended, even for a session of another user", async () => {
    const { id: userId, email } = await newUser();
    const { id, refreshToken } = await signedInSession(database.db, T0);
    const client = newClient();
    const response = await call("auth.login", { email, password: PASSWORD }, { client, cookie: { refreshToken } });
    const { id: sessionId } = response.json.result.data.session;
    expect(eventsOf(response)).toEqual([
      { level: "info", event: "session-ended", sessionId: id, reason: "replaced by login" },
      { level: "info", event: "logged-in", sessionId, userId, address: client.address, methods: ["password"] },
    ]);
  });
});

describe("security events: second factors", () => {
  /** A session that has just added an app, and the response to that. */
  async function addApp() {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const { json } = await call("totp.begin", undefined, { cookie: session });
    const code = new TOTP({ secret: json.result.data.secret }).generate();
    const added = await call("totp.confirm", { code }, { cookie: session });
    const recoveryCodes = added.json.result.data.recoveryCodes as string[];
    return { session, added, recoveryCodes, cookie: { accessToken: added.accessToken! } };
  }

  test("security events: an added app logs factor-added, renewed recovery codes too, and the removal factor-removed", async () => {
    const { session, added, cookie } = await addApp();
    const change = { ...of(session), address: ADA.address };
    const event = { level: "info", event: "factor-added", ...change };
    expect(eventsOf(added)).toEqual([{ ...event, factor: "totp" }]);
    const renewed = await call("recoveryCodes.renew", undefined, { cookie });
    expect(eventsOf(renewed)).toEqual([{ ...event, factor: "recovery-codes" }]);
    const removed = await call("totp.remove", undefined, { cookie });
    expect(eventsOf(removed)).toEqual([{ level: "warn", event: "factor-removed", ...change, factor: "totp" }]);
  });

  test("security events: an added passkey logs factor-added, and its removal factor-removed", async () => {
    const session = await signedInSession(database.db, T0, { passwordHash });
    const authenticator = newAuthenticator();
    const options = (await call("passkeys.beginRegistration", undefined, { cookie: session })).json.result.data;
    const input = { response: authenticator.create(options) };
    const added = await call("passkeys.finishRegistration", input, { cookie: session });
    const change = { ...of(session), factor: "passkey", address: ADA.address };
    expect(eventsOf(added)).toEqual([{ level: "info", event: "factor-added", ...change }]);
    const cookie = { accessToken: added.accessToken! };
    const removed = await call("passkeys.remove", { id: added.json.result.data.id }, { cookie });
    expect(eventsOf(removed)).toEqual([{ level: "warn", event: "factor-removed", ...change }]);
  });

  test("security events: a login in two steps logs second-factor-required, second-factor-refused, recovery-code-used and logged-in", async () => {
    const { session, recoveryCodes } = await addApp();
    const { id: userId, email } = session.user;
    const client = newClient();
    const { address } = client;
    const pending = await call("auth.login", { email, password: PASSWORD }, { client });
    expect(eventsOf(pending)).toEqual([{ level: "info", event: "second-factor-required", userId, address }]);

    const step = { client, cookie: { challengeToken: pending.challengeToken! } };
    const wrong = await call("auth.secondFactor", { method: "totp", code: "000000" }, step);
    expect(eventsOf(wrong)).toEqual([
      { level: "warn", event: "second-factor-refused", userId, method: "totp", address },
    ]);
    const finished = await call("auth.secondFactor", { method: "recovery-code", code: recoveryCodes[4] }, step);
    expect(eventsOf(finished)).toEqual([
      { level: "warn", event: "recovery-code-used", userId, remaining: 9, address },
      {
        level: "info",
        event: "logged-in",
        sessionId: finished.json.result.data.session.id,
        userId,
        address,
        methods: ["password", "recovery-code"],
      },
    ]);
  });

  test("security events: a passkey whose counter went back logs passkey-counter-back", async () => {
    const { own, userId, passkeyId, authenticator } = await accountWithPasskey(database.db, T0);
    await database.db.updateTable("passkeys").set({ signatureCounter: 9 }).where("id", "=", passkeyId).execute();
    const { json } = await call("auth.beginPasskeyAssertion", undefined, { cookie: own });
    const input = { method: "passkey", response: authenticator.get(json.result.data, { counter: 4 }) };
    const { address } = ADA;
    expect(eventsOf(await call("auth.stepUp", input, { cookie: own }))).toEqual([
      {
        level: "warn",
        event: "passkey-counter-back",
        ...of(own),
        ...{ userId, passkeyId, previousCounter: 9, signatureCounter: 4, address },
      },
      { level: "info", event: "step-up", ...of(own), method: "passkey", address },
    ]);
  });
});

describe("security events: refresh", () => {
  const refresh = (refreshToken: string | undefined, seconds: number, client = ADA) =>
    call("auth.refresh", undefined, { cookie: { refreshToken }, seconds, client });

  test("security events: refreshes log token-rotated, token-reissued, session-recovered and session-replayed", async () => {
    const session = await signedInSession(database.db, T0);
    const step = { ...of(session), address: ADA.address };

    const rotated = await refresh(session.refreshToken, 600);
    expect(eventsOf(rotated)).toEqual([{ level: "info", event: "token-rotated", ...step, generation: 1 }]);
    expect(eventsOf(await refresh(session.refreshToken, 601))).toEqual([
      { level: "info", event: "token-reissued", ...step, generation: 1 },
    ]);
    expect(eventsOf(await refresh(rotated.refreshToken, 602)), "a refresh that changes nothing logs no event").toEqual(
      [],
    );
    expect(eventsOf(await refresh(session.refreshToken, 700))).toEqual([
      { level: "warn", event: "session-recovered", ...step, generation: 2 },
    ]);
    expect(eventsOf(await refresh(session.refreshToken, 800, MALLORY))).toEqual([
      { level: "info", event: "session-ended", ...of(session), reason: "replayed" },
      {
        level: "error",
        event: "session-replayed",
        ...of(session),
        address: MALLORY.address,
        presentedGeneration: 0,
        generation: 2,
        hint: expect.stringContaining("give each its own sign-in"),
      },
    ]);
  });

  test("security events: a refresh with a token of a rotation that the database has lost logs session-ahead", async () => {
    const session = await signedInSession(database.db, T0);
    const { currentNonce, handedAt } = await readSession(database.db, session.id);
    const { refreshToken } = await refresh(session.refreshToken, 600);
    await database.db
      .updateTable("sessions")
      .set({ generation: 0, currentNonce, previousNonce: null, handedAt })
      .where("id", "=", session.id)
      .execute();
    expect(eventsOf(await refresh(refreshToken, 1200))).toEqual([
      {
        level: "warn",
        event: "session-ahead",
        ...of(session),
        address: ADA.address,
        generation: 1,
        rowGeneration: 0,
      },
    ]);
  });

  test("security events: a replay by the same kind of browser has no hint about a shared browser state", async () => {
    const session = await signedInSession(database.db, T0);
    const { refreshToken } = await refresh(session.refreshToken, 600);
    await refresh(refreshToken, 700);
    const line = eventsOf(await refresh(session.refreshToken, 800)).find(({ event }) => event === "session-replayed");
    expect(line).toMatchObject({ presentedGeneration: 0, generation: 2 });
    expect(line).not.toHaveProperty("hint");
  });

  test("security events: a refresh of a disabled account logs session-ended", async () => {
    const session = await signedInSession(database.db, T0);
    await database.db.updateTable("users").set({ disabledAt: T0 }).where("id", "=", session.userId).execute();
    expect(eventsOf(await refresh(session.refreshToken, 600))).toEqual([
      { level: "info", event: "session-ended", ...of(session), reason: "user disabled" },
    ]);
  });
});

describe("security events: end of a session", () => {
  test.each<[string, (session: SignedInTestSession) => CallOptions["cookie"]]>([
    ["both cookies", (session) => session],
    ["the access token alone", ({ accessToken }) => ({ accessToken })],
    ["the refresh token alone", ({ refreshToken }) => ({ refreshToken })],
  ])("security events: a logout with %s logs session-ended", async (_, cookie) => {
    const session = await signedInSession(database.db, T0);
    expect(eventsOf(await call("auth.logout", undefined, { cookie: cookie(session) }))).toEqual([
      { level: "info", event: "session-ended", ...of(session), reason: "logout" },
    ]);
  });

  test("security events: sessions.revoke logs session-ended", async () => {
    const session = await signedInSession(database.db, T0);
    expect(eventsOf(await call("sessions.revoke", { id: session.id }, { cookie: session }))).toEqual([
      { level: "info", event: "session-ended", ...of(session), reason: "revoked by user" },
    ]);
  });

  test("security events: revokeOthers and logoutAll log other-sessions-ended and all-sessions-ended", async () => {
    const session = await signedInSession(database.db, T0);
    const ended = { level: "info", ...of(session), openedBy: later(10).toISOString() };
    expect(eventsOf(await call("sessions.revokeOthers", undefined, { cookie: session }))).toEqual([
      { ...ended, event: "other-sessions-ended", revoked: 0, reason: "revoked by user" },
    ]);
    expect(eventsOf(await call("auth.logoutAll", undefined, { cookie: session }))).toEqual([
      { ...ended, event: "all-sessions-ended", revoked: 1, reason: "logout everywhere" },
    ]);
  });

  test("security events: a repeated logout logs no second event", async () => {
    const session = await signedInSession(database.db, T0);
    await call("auth.logout", undefined, { cookie: session });
    expect(eventsOf(await call("auth.logout", undefined, { cookie: session }))).toEqual([]);
  });
});

test("security events: an unavailable rate limit table logs rate-limit-degraded, and its return rate-limit-restored", async () => {
  const { id: userId, email } = await newUser();
  const client = newClient();
  const attempt = (seconds: number) => call("auth.login", { email, password: "wrong" }, { client, seconds });
  const refused = { level: "warn", event: "login-refused", userId, address: client.address };
  const table = await lockTable(database.url, "rate_limits");
  const degraded = eventsOf(await attempt(100)).map(({ err, ...line }) => ({ ...line, hasError: err !== undefined }));
  await table.release();
  expect(degraded).toEqual([
    { level: "warn", event: "rate-limit-degraded", hasError: true },
    { ...refused, hasError: false },
  ]);
  expect(eventsOf(await attempt(110))).toEqual([{ level: "info", event: "rate-limit-restored" }, refused]);
});

test("security events: a logout without a database logs logout-pending, then session-ended once the database is back", async () => {
  const session = await signedInSession(database.db, T0);
  const line = await connectThroughProxy(database.url);
  await sql`select 1`.execute(line.db);
  await line.disconnect();
  const shared = globalThis as Record<symbol, unknown>;
  const pool = Symbol.for("portcullis.database");
  const own = shared[pool];
  shared[pool] = line.db;
  const response = await call("auth.logout", undefined, { cookie: session });
  shared[pool] = own;
  expect(eventsOf(response)).toEqual([
    { level: "warn", event: "logout-pending", sessionIds: [session.id], reason: "logout" },
  ]);
  expect(response.json.error.data).toMatchObject({ reason: "UNAVAILABLE", httpStatus: 503 });

  await line.reconnect();
  const ended = () => written.filter(({ event, sessionId }) => event === "session-ended" && sessionId === session.id);
  await vi.waitFor(() => expect(ended()).toMatchObject([{ reason: "logout" }]), { timeout: 20_000 });
  await line.close();
});

test("security events: a loss of commits logs revocations-written-again", async () => {
  const { contactDatabase, writeRevocationsAgain } = await import("@/server/auth/sessions/revocation-feed");
  await contactDatabase(database.db);
  await database.db.deleteFrom("heartbeats").execute();
  await contactDatabase(database.db);
  await writeRevocationsAgain(database.db);
  // Missing are the sessions of the account that was purged above.
  expect(written.filter(({ event }) => event === "revocations-written-again")).toMatchObject([
    {
      level: "warn",
      sign: "older heartbeat",
      known: expect.any(Number),
      revoked: 0,
      missing: expect.any(Number),
      users: 0,
    },
  ]);
});

test("security events: this file covers every event", () => {
  expect(Object.entries(securityCounts()).filter(([, count]) => count === 0)).toEqual([]);
});
