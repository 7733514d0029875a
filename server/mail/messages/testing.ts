import type { Message, MessageLink } from "./message";

export const READER = { fullName: "Ada Lovelace", email: "ada@example.test" };

const occasion = { at: "2026-11-29T14:03:22.123Z", browser: "Firefox", os: "Linux", address: "203.0.113.7" };

/** One of each kind; the compiler requires all of them. */
const MESSAGES: { [Kind in Message["kind"]]: Extract<Message, { kind: Kind }> } = {
  "verify-email": { kind: "verify-email" },
  "reset-password": { kind: "reset-password", occasion },
  "change-email": { kind: "change-email", oldEmail: "ada.old@example.test", occasion },
  "email-change-requested": { kind: "email-change-requested", newEmail: "ada.new@example.test", occasion },
  "email-changed": {
    kind: "email-changed",
    oldEmail: "ada.old@example.test",
    newEmail: "ada.new@example.test",
    occasion,
  },
  "email-reverted": { kind: "email-reverted", email: "ada.old@example.test", occasion },
  "password-changed": { kind: "password-changed", occasion },
  "new-device": { kind: "new-device", occasion },
  "session-replayed": { kind: "session-replayed", occasion },
  "factor-changed": { kind: "factor-changed", change: "An authenticator app was added", occasion },
  "recovery-code-used": { kind: "recovery-code-used", remaining: 9, occasion },
  "second-factor-guessed": { kind: "second-factor-guessed", occasion },
  "passkey-copied": { kind: "passkey-copied", occasion },
  "deletion-requested": { kind: "deletion-requested", deletesAt: "2026-12-13T14:03:22.123Z", occasion },
  "deletion-undone": { kind: "deletion-undone", occasion },
};

const LINK: MessageLink = {
  url: `https://app.example.com/confirm#${"Zm9vYmFyYmF6cXV4".repeat(4)}`,
  code: "ABCD-EFGH",
  expiresAt: new Date("2026-11-30T14:03:22.123Z"),
};

export const WITHOUT_LINK: readonly string[] = ["email-reverted", "deletion-undone"] satisfies Message["kind"][];

/** Every message with the link that it is sent with. */
export const EXAMPLES: [message: Message, link: MessageLink | null][] = Object.values(MESSAGES).map((message) => [
  message,
  WITHOUT_LINK.includes(message.kind) ? null : LINK,
]);

/** The message with other values in place of those that a user chooses: addresses and the device. */
export function withUserValues(message: Message, value: string): Message {
  const userValues = new Set(["oldEmail", "newEmail", "email", "browser", "os", "address"]);
  return JSON.parse(JSON.stringify(message, (key, given: unknown) => (userValues.has(key) ? value : given))) as Message;
}
