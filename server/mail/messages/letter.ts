import type { ConfirmationNeeds } from "@/server/auth/policy/confirmations";
import type { MessageLink } from "./message";

/** Constant sentences; what a user can choose is only in the values of `facts`. */
export interface MessageContent {
  /** Subject and heading. */
  title: string;
  intro: string[];
  facts: Fact[];
  /** What to do, before the link. */
  advice: string[];
  /** Null if the message has no link. */
  action: Action | null;
  /** What to do if the reader did not cause the message, after the link. */
  otherwise: string[];
}

export type Fact = [label: string, value: string];

interface Action {
  label: string;
  /** What the page of the link asks for, in the browser that asked for the mail. */
  needs: ConfirmationNeeds;
}

/** What the text part and the HTML part render. */
export interface Letter extends Omit<MessageContent, "action"> {
  fullName: string;
  recipient: string;
  link: LetterLink | null;
}

export type LetterLink = MessageLink & Action;

/** The page where the code can be typed without the link. */
export function confirmPageOf({ url }: MessageLink): string {
  return url.replace(/#.*$/s, "");
}

export const CODE_USES: Record<ConfirmationNeeds, string> = {
  press: "If you open the link on another device, the page asks for this code:",
  code: "The page asks for this code:",
  "new-password": "If the link does not work, you can use this code instead:",
};
export const CODE_WITHOUT_LINK = "type the email address that received this message, and the code, on this page:";
export const AUTOMATIC = "This message was sent automatically. Replies are not read.";

export function describeValidity({ expiresAt }: MessageLink): string {
  return `The link and the code are valid until ${formatUtc(expiresAt)} and work once. Do not forward this message.`;
}

const UTC_FORMAT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});

/** The time zone of the reader is not known, so UTC is named. */
export function formatUtc(at: string | Date): string {
  return `${UTC_FORMAT.format(new Date(at))} UTC`;
}
