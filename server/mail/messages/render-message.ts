import { renderHtml } from "./html-part";
import type { Letter } from "./letter";
import type { Message, MessageLink } from "./message";
import { describeMessage } from "./message-content";
import { renderText } from "./text-part";

export interface RenderedMessage {
  /** Constant for each kind of message: nothing that a user chose reaches a header. */
  subject: string;
  text: string;
  html: string;
}

/** Throws if the message needs a link and has none, or the reverse: its sentences would be wrong. */
export function renderMessage(
  message: Message,
  to: { fullName: string; email: string },
  link: MessageLink | null,
): RenderedMessage {
  const { action, ...content } = describeMessage(message);
  if ((action === null) !== (link === null)) {
    throw new Error(`The message "${message.kind}" must be sent ${action === null ? "without" : "with"} a link`);
  }
  const letter: Letter = {
    ...content,
    facts: content.facts.map(([label, value]) => [label, cleanText(value)]),
    fullName: cleanText(to.fullName),
    recipient: cleanText(to.email),
    link: action === null || link === null ? null : { ...link, ...action },
  };
  return { subject: content.title, text: renderText(letter), html: renderHtml(letter) };
}

/** Control characters, line separators, and bidirectional controls, which would reverse the text around them. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

function cleanText(text: string): string {
  return text.toWellFormed().replace(CONTROLS, " ").trim();
}
