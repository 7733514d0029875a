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

type NoticeKind =
  | "password-changed"
  | "new-device"
  | "session-replayed"
  | "factor-changed"
  | "recovery-code-used"
  | "second-factor-guessed"
  | "passkey-copied";
type Notice = Extract<Message, { kind: NoticeKind }>;
type WithoutOccasion<One> = One extends Notice ? Omit<One, "occasion"> : never;

/** Tells the owner of an account what happened to it, with a link to use if it was not them. */
export function newNotice(
  notice: WithoutOccasion<Notice>,
  { userId, email }: { userId: string; email: string },
  origin: Origin,
  now: Date,
): NewMail | null {
  const link = { purpose: "not-me", email, askedBySessionId: null };
  const message = { ...notice, occasion: occasionOf(origin, now) } as Notice;
  return newMail(message, { userId, recipient: email, link }, now);
}
