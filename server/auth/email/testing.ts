import { expect } from "vitest";
import type { NewUser } from "@/db/schema";
import { insertNotice } from "@/db/tables/outgoing-mails";
import { findUserById } from "@/db/tables/users";
import { existingUser } from "@/db/testing";
import {
  callerWith,
  cookiesOf,
  later,
  PASSWORD,
  signedInSession,
  T0,
  useAppDatabase,
  type SignedInTestSession,
} from "@/server/auth/db-testing";
import type { PerformConfirmationInput } from "@/server/auth/inputs/inputs";
import { hashPassword } from "@/server/auth/passwords/password";
import { NOTICE_SECONDS } from "@/server/auth/policy/lifetimes";
import { hitCounter } from "@/server/auth/rate-limits/hit-counter";
import { ADA, newClient } from "@/server/auth/testing";
import { newNotice } from "@/server/mail/notices";
import { requestChange } from "./change-email";
import { composeMail } from "./compose-mail";
import { describeConfirmation, performConfirmation } from "./confirm";
import { requestReset } from "./reset-password";
import { requestVerification } from "./verify-email";

/** A mail as its recipient reads it. */
export interface ReceivedMail {
  kind: string;
  recipient: string;
  text: string;
  /** Of its link, or empty. */
  token: string;
  code: string;
}

/** A database for the tests of a file, accounts in it whose password is PASSWORD, and the mails that they receive. */
export function useMailFlows() {
  const database = useAppDatabase();
  const passwordHash = hashPassword(PASSWORD);

  const newAccount = async (given: Partial<NewUser> = {}) =>
    existingUser(database.db, { passwordHash: await passwordHash, ...given });

  /** A signed-in account with a confirmed address, unless `given` says otherwise. */
  async function newSignedIn(given: Partial<NewUser> = {}, now = T0) {
    const verified = { emailVerifiedAt: T0, passwordHash: await passwordHash, ...given };
    const session = await signedInSession(database.db, now, verified);
    const { email } = await accountOf(session.userId);
    return { ...session, email };
  }

  async function accountOf(userId: string) {
    return (await findUserById(database.db, userId))!;
  }

  /** Composes every mail that is due, as the delivery does. Returns those that are sent, oldest first. */
  async function receiveMails(seconds = 0, { to }: { to?: string } = {}): Promise<ReceivedMail[]> {
    const received: ReceivedMail[] = [];
    const due = await database.db
      .selectFrom("outgoingMails")
      .selectAll()
      .where("nextAttemptAt", "is not", null)
      .$if(to !== undefined, (query) => query.where("recipient", "=", to!))
      .orderBy("id")
      .execute();
    for (const mail of due) {
      const composed = await composeMail(database.db, mail, later(seconds));
      const row = database.db.updateTable("outgoingMails").where("id", "=", mail.id);
      if (composed === null) await database.db.deleteFrom("outgoingMails").where("id", "=", mail.id).execute();
      else await row.set({ sentAt: new Date(), nextAttemptAt: null }).execute();
      if (composed !== null) received.push({ kind: mail.kind, recipient: mail.recipient, ...readLink(composed.text) });
    }
    return received;
  }

  /** The only mail of a kind that is due. */
  async function receiveMail(kind: string, seconds = 0, options: { to?: string } = {}): Promise<ReceivedMail> {
    const mails = (await receiveMails(seconds, options)).filter((mail) => mail.kind === kind);
    expect(mails, kind).toHaveLength(1);
    return mails[0]!;
  }

  interface Presented {
    seconds?: number;
    /** Whose cookies the browser has. */
    session?: Partial<SignedInTestSession>;
    client?: typeof ADA;
    db?: typeof database.db;
  }

  function perform(
    { email, ...input }: Omit<PerformConfirmationInput, "email"> & { email?: string },
    { seconds = 0, session = {}, client = newClient(), db = database.db }: Presented = {},
  ) {
    const address = email === undefined ? {} : { email: { email, legacyEmail: email } };
    return performConfirmation(db, { ...input, ...address }, cookiesOf(session), client, later(seconds)).finally(() =>
      hitCounter(db).flush(),
    );
  }

  const describeLink = (token: string, { seconds = 0, session = {} }: Presented = {}) =>
    describeConfirmation(database.db, token, cookiesOf(session), later(seconds));

  const askForReset = (email: string, seconds = 0, client = newClient(), db = database.db) =>
    requestReset(db, { email, legacyEmail: email }, client, later(seconds));

  const askForVerification = async (session: SignedInTestSession, seconds = 0) =>
    requestVerification(database.db, await callerWith(session), later(seconds));

  const askForChange = async (session: SignedInTestSession, email: string, seconds = 0, db = database.db) =>
    requestChange(db, await callerWith(session), email, ADA, later(seconds));

  /** As every change of factors queues it. */
  async function reportFactors(account: { userId: string; email: string }, seconds: number) {
    const notice = newNotice({ kind: "factor-changed", change: "A passkey was added" }, account, ADA, later(seconds));
    await insertNotice(database.db, notice, later(seconds - NOTICE_SECONDS));
  }

  return {
    database,
    newAccount,
    newSignedIn,
    accountOf,
    receiveMails,
    receiveMail,
    perform,
    describeLink,
    askForReset,
    askForVerification,
    askForChange,
    reportFactors,
  };
}

function readLink(text: string) {
  return {
    text,
    token: /\/confirm#([\w-]+)/.exec(text)?.[1] ?? "",
    code: /^ {4}([0-9A-Z]{4}-[0-9A-Z]{4})$/m.exec(text)?.[1] ?? "",
  };
}
