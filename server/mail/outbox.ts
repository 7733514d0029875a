import "server-only";
import { v7 as uuidv7 } from "uuid";
import type { OutgoingMail } from "@/db/schema";
import type { NewMail } from "@/db/tables/outgoing-mails";
import { isMailOn } from "./mail-settings";
import type { Message } from "./messages/message";

/** The confirmation that a mail links to. It is opened when the mail is composed, so that no request waits for it. */
export interface RequestedLink {
  purpose: string;
  /** The address that the purpose concerns. */
  email: string;
  askedBySessionId: string | null;
}

export interface MailDetails {
  message: Message;
  link: RequestedLink | null;
}

/**
 * A mail for `insertMail`, in the transaction of what it reports. `userId` is null for a request whose address may belong to no
 * account. Null with MAIL=off, which `insertMail` accepts: callers need no condition.
 */
export function newMail(
  message: Message,
  { userId, recipient, link = null }: { userId: string | null; recipient: string; link?: RequestedLink | null },
  now: Date,
): NewMail | null {
  if (!isMailOn()) return null;
  const details: MailDetails = { message, link };
  return {
    id: uuidv7({ msecs: now.getTime() }),
    userId,
    kind: message.kind,
    recipient,
    details: JSON.stringify(details),
    createdAt: now,
  };
}

export function readDetails({ details }: Pick<OutgoingMail, "details">): MailDetails {
  return JSON.parse(details) as MailDetails;
}
