import "server-only";
import type { SendMailOptions } from "nodemailer";
import type { OutgoingMail } from "@/db/schema";
import type { Sender } from "@/server/runtime/env";

/** The text of a mail. Its recipient and headers are not for the composer to choose. */
export interface ComposedMail {
  subject: string;
  text: string;
  html: string;
}

export type MailToSend = ComposedMail & Pick<OutgoingMail, "id" | "recipient" | "createdAt">;

/**
 * Message-ID and Date are the same at every attempt, so that a repeated one is recognised. The recipient's name is not part of the
 * header: whoever registers an address chooses the name, and need not be its owner.
 */
export function toMimeMessage({ id, recipient, createdAt, subject, text, html }: MailToSend, from: Sender) {
  return {
    from,
    // As an object: a string would be parsed as a list of addresses.
    to: { name: "", address: recipient },
    envelope: { from: from.address, to: recipient },
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
