import "server-only";
import type { Kysely, Transaction } from "kysely";
import { v7 as uuidv7 } from "uuid";
import type { Confirmation, Database, OutgoingMail, User } from "@/db/schema";
import {
  findConfirmation,
  findOpenConfirmation,
  insertConfirmation,
  isAddressTaken,
  prepareMail,
  recordAsker,
} from "@/db/tables/confirmations";
import type { MessageLink } from "@/server/mail/messages/message";
import { renderMessage, type RenderedMessage } from "@/server/mail/messages/render-message";
import { readDetails, type RequestedLink } from "@/server/mail/outbox";
import { env } from "@/server/runtime/env";
import type { Purpose } from "@/server/auth/policy/confirmations";
import { CONFIRMATION_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { CONFIRM } from "@/server/auth/policy/routes";
import { mintConfirmation, newSalt } from "./confirmation-token";

/**
 * The text of an outgoing mail, with its link. Opens the confirmation, so that a request for an address without an account does the
 * same work as any other. Null if there is nothing to send: no account, or what the mail asks for is done or not possible any more.
 */
export async function composeMail(
  db: Kysely<Database>,
  mail: OutgoingMail,
  now: Date,
): Promise<RenderedMessage | null> {
  const { message, link } = readDetails(mail);
  const emails = link === null ? [mail.recipient] : [link.email, mail.recipient];
  const prepared = await prepareMail(db, mail, emails, async (trx, user) => {
    if (link === null) return null;
    return (await isDue(trx, user, mail, link, now)) ? openConfirmation(trx, user, mail, link, now) : undefined;
  });
  if (prepared === undefined) return null;
  const { user, confirmation } = prepared;
  const to = { fullName: greetedName(user, mail.recipient), email: mail.recipient };
  return renderMessage(message, to, confirmation && linkOf(confirmation));
}

/** Empty unless the recipient has confirmed the address: a name that another person chose could carry advertising to it. */
function greetedName({ fullName, email, emailVerifiedAt }: User, recipient: string): string {
  return emailVerifiedAt !== null && email === recipient ? fullName : "";
}

/** Whether the link of a mail is still of use. */
async function isDue(
  trx: Transaction<Database>,
  user: User,
  { recipient }: OutgoingMail,
  { purpose, email }: RequestedLink,
  now: Date,
): Promise<boolean> {
  switch (purpose as Purpose) {
    case "verify-email":
      return user.disabledAt === null && user.emailVerifiedAt === null && user.email === email;
    case "reset-password":
      return user.disabledAt === null && [email, recipient].includes(user.email);
    case "change-email":
      if (user.disabledAt !== null || user.email === email) return false;
      return !(await isAddressTaken(trx, { email, exceptUserId: user.id }, now));
    default:
      return true;
  }
}

/** The confirmation that an earlier attempt or request has opened, or a new one. Undefined if that one was used or superseded. */
async function openConfirmation(
  trx: Transaction<Database>,
  user: User,
  { confirmationId, createdAt }: OutgoingMail,
  { purpose, email, askedBySessionId }: RequestedLink,
  now: Date,
): Promise<Confirmation | undefined> {
  const own = confirmationId === null ? undefined : await findConfirmation(trx, confirmationId);
  // A notice is sent in any case; a mail that consists of its link is not.
  if (own !== undefined && (own.usedAt ?? own.supersededAt) !== null && purpose !== "not-me") return undefined;
  if (own !== undefined && isOpen(own, now)) return own;

  const wanted = { userId: user.id, purpose, email: purpose === "reset-password" ? user.email : email };
  // A second request sends the same link. Notices have a link each, since each is valid from the event that it reports.
  const requested = purpose === "not-me" ? undefined : await findOpenConfirmation(trx, wanted, now);
  if (requested !== undefined) {
    if (askedBySessionId !== null) await recordAsker(trx, requested.id, askedBySessionId);
    return requested;
  }
  const opened = {
    ...wanted,
    id: uuidv7({ msecs: now.getTime() }),
    salt: newSalt(),
    askedBySessionId,
    // Not the present: the mail may be late, and a notice undoes what has happened since the event that it reports.
    createdAt,
    expiresAt: secondsAfter(now, CONFIRMATION_SECONDS[purpose as Purpose]),
  };
  await insertConfirmation(trx, opened);
  return { ...opened, codeTries: 0, usedAt: null, supersededAt: null };
}

function isOpen({ usedAt, supersededAt, expiresAt }: Confirmation, now: Date): boolean {
  return usedAt === null && supersededAt === null && now.getTime() < expiresAt.getTime();
}

/** The token is in the fragment, which a browser does not send: no log, Referer header or proxy contains it. */
function linkOf(confirmation: Confirmation): MessageLink {
  const { token, code } = mintConfirmation(confirmation);
  return { url: `${env().APP_ORIGIN}${CONFIRM}#${token}`, code, expiresAt: confirmation.expiresAt };
}
