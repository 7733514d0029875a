import "server-only";
import type { SendMailOptions } from "nodemailer";
import type { OutgoingMail } from "@/db/schema";
import type { Sender } from "@/server/runtime/mail-variables";

/** The text of a mail. Its recipient and headers are not for the composer to choose. */
export interface ComposedMail {
  subject: string;
  text: string;
  html: string;
}

export type MailToSend = ComposedMail & Pick<OutgoingMail, "id" | "recipient" | "createdAt">;

/** One address that SMTP and headers carry as it is (RFC 5321 and 6531). */
const PLAIN_ADDRESS = /^[^\s\p{C}"(),:;<>@[\\\]]+@[^\s\p{C}"(),:;<>@[\\\]]+$/u;

/** A mail to it is never sent: nodemailer would parse it, and "a;b@example.com" is a mail to b@example.com. */
export class UnsafeAddressError extends Error {
  override readonly name = "UnsafeAddressError";
}

/**
 * Message-ID and Date are the same at every attempt, so that a repeated one is recognised. The recipient's name is not part of the
 * header: the person who registers an address chooses the name, and need not be its owner.
 */
export function toMimeMessage({ id, recipient, createdAt, subject, text, html }: MailToSend, from: Sender) {
  if (!PLAIN_ADDRESS.test(recipient)) throw new UnsafeAddressError("Not an address that can be mailed.");
  return {
    from,
    to: { name: "", address: recipient },
    messageId: `<${id}@${from.address.slice(from.address.lastIndexOf("@") + 1)}>`,
    date: createdAt,
    subject,
    text,
    html,
    // RFC 3834: no automatic replies.
    headers: { "Auto-Submitted": "auto-generated" },
    xMailer: false,
  } satisfies SendMailOptions;
}
