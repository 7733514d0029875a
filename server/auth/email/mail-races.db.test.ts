import { beforeAll, describe, expect, test } from "vitest";
import { connect } from "@/db/connect";
import { insertMail } from "@/db/tables/outgoing-mails";
import { atOnce, readSession } from "@/db/testing";
import {
  callerWith,
  cookiesOf,
  later,
  NEW_PASSWORD,
  PASSWORD,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import { passwordMatches } from "@/server/auth/passwords/password";
import { ADA, anotherInstance, newClient } from "@/server/auth/testing";
import { composeMail } from "./compose-mail";
import { useMailFlows } from "./testing";
import { newVerificationMail } from "./verify-email";

const {
  database,
  newAccount,
  newSignedIn,
  accountOf,
  receiveMails,
  receiveMail,
  askForReset,
  askForChange,
  askForVerification,
} = useMailFlows();

async function startInstance() {
  const modules = await anotherInstance(
    async () => ({
      ...(await import("./confirm")),
      ...(await import("./change-email")),
      ...(await import("./compose-mail")),
      ...(await import("./reset-password")),
      ...(await import("@/server/auth/login/login")),
      ...(await import("@/server/auth/login/register")),
      ...(await import("@/server/auth/login/change-password")),
      ...(await import("@/server/auth/sessions/refresh")),
    }),
    { RATE_LIMIT_FACTOR: "1000" },
  );
  return { ...modules, db: connect(database.url) };
}

let instances: Awaited<ReturnType<typeof startInstance>>[];
beforeAll(async () => {
  instances = [await startInstance(), await startInstance()];
  return () => Promise.all(instances.map(({ db }) => db.destroy()));
});

const on = (index: number) => instances[index % 2]!;

/** The result, or the reason of a refusal or the code of a fault. */
const settle = (running: Promise<unknown>) =>
  running.then(
    () => "done",
    (error: { reason?: string; code?: string }) => error.reason ?? error.code ?? String(error),
  );

const perform = (index: number, input: object, session: Partial<SignedInTestSession> = {}, seconds = 60) => {
  const { performConfirmation, db } = on(index);
  return settle(performConfirmation(db, input, cookiesOf(session), ADA, later(seconds)));
};

/** How many may fail because a row was wanted by too many at once on a busy machine: 503, and the client repeats. */
const BUSY = ["UNAVAILABLE", "MUTEX_TIMEOUT", "ACQUIRE_TIMEOUT", "ER_LOCK_WAIT_TIMEOUT"];

async function newReset(email: string) {
  await askForReset(email);
  return receiveMail("reset-password", 0, { to: email });
}

const epochOf = async (userId: string) => (await accountOf(userId)).sessionEpoch;

describe("one link, pressed a hundred times at once on two instances", () => {
  test("not-me: has one effect and one mail", async () => {
    const session = await newSignedIn();
    await askForChange(session, `${crypto.randomUUID()}@example.test`);
    const { token, code } = await receiveMail("email-change-requested", 0, { to: session.email });
    const outcomes = await atOnce(100, (index) =>
      perform(
        index,
        index % 3 === 0 ? { email: { email: session.email, legacyEmail: session.email }, code } : { token, code },
      ),
    );
    expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1);
    expect(outcomes.filter((outcome) => !["done", "LINK_SPENT", "RATE_LIMITED", ...BUSY].includes(outcome))).toEqual(
      [],
    );
    expect(await epochOf(session.userId)).toBe(1);
    expect((await receiveMails(60, { to: session.email })).map(({ kind }) => kind)).toEqual(["reset-password"]);
  });

  test("verify-email, in the browser that asked: has one effect", async () => {
    const session = await newSignedIn({ emailVerifiedAt: null });
    await askForVerification(session);
    const { token } = await receiveMail("verify-email", 0, { to: session.email });
    const outcomes = await atOnce(100, (index) => perform(index, { token }, session));
    expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1);
    expect(outcomes.filter((outcome) => !["done", "LINK_SPENT", ...BUSY].includes(outcome))).toEqual([]);
    expect((await accountOf(session.userId)).emailVerifiedAt).toEqual(later(60));
  });
});

test("two resets at once by one link: one succeeds, and its password is the one that signs in", async () => {
  const { id, email } = await newAccount();
  const { token, code } = await newReset(email);
  const passwords = ["violet kettle orbits 41 mountains", "amber saddle drifts 52 rivers"];
  const outcomes = await Promise.all([
    perform(0, { token, newPassword: passwords[0] }),
    perform(1, { email: { email, legacyEmail: email }, code, newPassword: passwords[1] }),
  ]);
  expect([...outcomes].sort()).toEqual(["LINK_SPENT", "done"]);
  const { passwordHash, sessionEpoch } = await accountOf(id);
  expect(sessionEpoch).toBe(1);
  expect(await passwordMatches(passwordHash, passwords[outcomes.indexOf("done")]!)).toBe(true);
});

test("two requests at once, composed at once by two instances: one confirmation, one link", async () => {
  const { email } = await newAccount();
  for (const seconds of [0, 61]) await askForReset(email, seconds);
  const due = database.db.selectFrom("outgoingMails").selectAll().where("recipient", "=", email).execute();
  const rows = await due;
  expect(rows).toHaveLength(2);
  const composed = await atOnce(10, (index) => on(index).composeMail(on(index).db, rows[index % 2]!, later(62)));
  const tokens = composed.map((mail) => /#([\w-]{64})/.exec(mail!.text)![1]);
  expect(new Set(tokens).size).toBe(1);
  const confirmations = database.db.selectFrom("confirmations").select("id").where("email", "=", email);
  expect(await confirmations.execute()).toHaveLength(1);
});

test("two mails of one account, composed at once by two instances: one confirmation, one link", async () => {
  const { id, email } = await newAccount();
  const mails = [0, 1].map((seconds) => newVerificationMail({ id, email }, crypto.randomUUID(), later(seconds))!);
  for (const mail of mails) await insertMail(database.db, mail);
  const rows = await database.db.selectFrom("outgoingMails").selectAll().where("recipient", "=", email).execute();
  const composed = await atOnce(10, (index) => on(index).composeMail(on(index).db, rows[index % 2]!, later(2)));
  const tokens = composed.map((mail) => /#([\w-]{64})/.exec(mail!.text)![1]);
  expect(new Set(tokens).size).toBe(1);
});

describe("of a hundred guesses of a code at once on two instances", () => {
  test("five are counted, and the right code is not accepted afterwards", async () => {
    const { email } = await newAccount();
    const { code } = await newReset(email);
    const address = { email, legacyEmail: email };
    await atOnce(100, (index) => perform(index, { email: address, code: `0000-${String(index).padStart(4, "0")}` }));
    const row = database.db.selectFrom("confirmations").select("codeTries").where("email", "=", email);
    expect(await row.execute()).toEqual([{ codeTries: 5 }]);
    expect(await perform(0, { email: address, code, newPassword: NEW_PASSWORD })).toBe("LINK_SPENT");
  });
});

describe("a reset against", () => {
  test("a login with the old password: leaves no session of it", async () => {
    const round = async (index: number) => {
      const { id, email } = await newAccount();
      const { token } = await newReset(email);
      const { login, db } = on(index);
      const input = { email, password: PASSWORD, remember: true };
      const [reset, loggedIn] = await Promise.all([
        perform(index + 1, { token, newPassword: NEW_PASSWORD }),
        settle(login(db, input, newClient(), null, later(60))),
      ]);
      expect(reset).toBe("done");
      expect(["done", "UNAVAILABLE", "INVALID_CREDENTIALS"]).toContain(loggedIn);
      const live = database.db
        .selectFrom("sessions")
        .select("id")
        .where("userId", "=", id)
        .where("revokedAt", "is", null);
      expect(await live.execute()).toEqual([]);
    };
    for (let index = 0; index < 12; index += 3) await Promise.all([0, 1, 2].map((offset) => round(index + offset)));
  });

  test("a refresh: no token of the old sessions works afterwards", async () => {
    const round = async (index: number) => {
      const session = await newSignedIn();
      const { token } = await newReset(session.email);
      const { refresh, db } = on(index);
      const refreshed: string[] = [];
      const refreshing = refresh(db, session.refreshToken, ADA, later(600)).then((outcome) => {
        if (outcome.kind === "refreshed") refreshed.push(...outcome.cookies.map(({ value }) => value));
      });
      await Promise.all([refreshing, perform(index + 1, { token, newPassword: NEW_PASSWORD }, {}, 600)]);
      expect((await readSession(database.db, session.id)).revokedReason).toBe("password reset");
      for (const value of [session.refreshToken, ...refreshed]) {
        const outcome = await refresh(db, value, ADA, later(700));
        expect(["ended", "unreadable"]).toContain(outcome.kind);
      }
    };
    for (let index = 0; index < 10; index += 2) await Promise.all([round(index), round(index + 1)]);
  });

  test("a password change: one of them is applied, and the other is refused", async () => {
    const round = async (index: number) => {
      const session = await newSignedIn();
      const { token } = await newReset(session.email);
      const { changePassword, db } = on(index);
      const passwords = { currentPassword: PASSWORD, newPassword: "amber saddle drifts 52 rivers" };
      const caller = await callerWith(session);
      const [changed, reset] = await Promise.all([
        settle(changePassword(db, caller, passwords, ADA, later(60))),
        perform(index + 1, { token, newPassword: NEW_PASSWORD }),
      ]);
      const { passwordHash, sessionEpoch } = await accountOf(session.userId);
      expect([changed, reset].filter((outcome) => outcome === "done")).toHaveLength(1);
      expect(sessionEpoch).toBe(1);
      const applied = changed === "done" ? passwords.newPassword : NEW_PASSWORD;
      expect(await passwordMatches(passwordHash, applied)).toBe(true);
    };
    for (let index = 0; index < 6; index += 2) await Promise.all([round(index), round(index + 1)]);
  });

  test("a change of address: the change is cancelled, or the reset is, and never half of either", async () => {
    const round = async (index: number) => {
      const session = await newSignedIn();
      const wanted = `${crypto.randomUUID()}@example.test`;
      await askForChange(session, wanted);
      const change = await receiveMail("change-email", 0, { to: wanted });
      const { token } = await newReset(session.email);
      const [changed, reset] = await Promise.all([
        perform(index, { token: change.token, code: change.code }),
        perform(index + 1, { token, newPassword: NEW_PASSWORD }),
      ]);
      expect([changed, reset].sort()).toEqual(["LINK_SPENT", "done"]);
      const account = await accountOf(session.userId);
      expect(account.email).toBe(changed === "done" ? wanted : session.email);
      expect(await passwordMatches(account.passwordHash, reset === "done" ? NEW_PASSWORD : PASSWORD)).toBe(true);
    };
    for (let index = 0; index < 6; index += 2) await Promise.all([round(index), round(index + 1)]);
  });

  test("the delivery of its own repeated mail: the mail is not sent, or its link is superseded", async () => {
    const round = async (index: number) => {
      const { email } = await newAccount();
      const { token } = await newReset(email);
      await askForReset(email, 61);
      const mail = await database.db
        .selectFrom("outgoingMails")
        .selectAll()
        .where("recipient", "=", email)
        .where("nextAttemptAt", "is not", null)
        .executeTakeFirstOrThrow();
      const [reset, composed] = await Promise.all([
        perform(index, { token, newPassword: NEW_PASSWORD }),
        on(index + 1).composeMail(on(index + 1).db, mail, later(62)),
      ]);
      expect(reset).toBe("done");
      const again = composed === null ? null : /#([\w-]{64})/.exec(composed.text)![1]!;
      if (again !== null) expect(await perform(index, { token: again, newPassword: PASSWORD })).toBe("LINK_SPENT");
      expect(await composeMail(database.db, mail, later(63))).toBeNull();
    };
    for (let index = 0; index < 6; index += 2) await Promise.all([round(index), round(index + 1)]);
  });
});

test("a change of address against registrations with the old one: the address is never another account's", async () => {
  const round = async (index: number) => {
    const session = await newSignedIn();
    const wanted = `${crypto.randomUUID()}@example.test`;
    await askForChange(session, wanted);
    const { token, code } = await receiveMail("change-email", 0, { to: wanted });
    const input = { email: session.email, fullName: "Thief", password: PASSWORD, remember: true };
    const registering = atOnce(4, (number) => {
      const { register, db } = on(number);
      return settle(register(db, input, newClient(), null, later(60)));
    });
    const [changed, registered] = await Promise.all([perform(index, { token, code }), registering]);
    expect(changed).toBe("done");
    expect(registered.filter((outcome) => outcome !== "EMAIL_TAKEN")).toEqual([]);
    const revert = await receiveMail("email-changed", 60, { to: session.email });
    expect(await perform(index, { token: revert.token, code: revert.code }, {}, 61)).toBe("done");
    expect((await accountOf(session.userId)).email).toBe(session.email);
  };
  for (let index = 0; index < 6; index++) await round(index);
});

test("two accounts that change to one address at once: one gets it", async () => {
  const wanted = `${crypto.randomUUID()}@example.test`;
  const links = [];
  for (const seconds of [0, 61]) {
    const session = await newSignedIn();
    await askForChange(session, wanted, seconds);
    links.push({ ...(await receiveMail("change-email", seconds, { to: wanted })), userId: session.userId });
  }
  const outcomes = await Promise.all(links.map(({ token, code }, index) => perform(index, { token, code }, {}, 100)));
  expect(outcomes.sort()).toEqual(["EMAIL_TAKEN", "done"]);
});
