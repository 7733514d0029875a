import "server-only";
import type { NewMail } from "@/db/tables/outgoing-mails";
import { newMail } from "./outbox";
import type { Message, Occasion } from "./messages/message";

/** Where a request came from. */
interface Origin {
  browser: string;
  os: string;
  address: string;
}

export function occasionOf({ browser, os, address }: Origin, now: Date): Occasion {
  return { at: now.toISOString(), browser, os, address };
}

type NoticeKind = Extract<Message["kind"], "password-changed" | "new-device" | "session-replayed">;

/** Tells the owner of an account what happened to it, with a link to use if it was not them. */
export function newNotice(
  kind: NoticeKind,
  { userId, email }: { userId: string; email: string },
  origin: Origin,
  now: Date,
): NewMail | null {
  const link = { purpose: "not-me", email, askedBySessionId: null };
  return newMail({ kind, occasion: occasionOf(origin, now) }, { userId, recipient: email, link }, now);
}
