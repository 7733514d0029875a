/** Where a request came from, as the mail about it says. */
export interface Occasion {
  /** ISO 8601. */
  at: string;
  browser: string;
  os: string;
  address: string;
}

/** What a mail reports, without its link. The list is closed: `renderMessage` has a text for each. */
export type Message =
  | { kind: "verify-email" }
  | { kind: "reset-password"; occasion: Occasion }
  /** To the new address. */
  | { kind: "change-email"; oldEmail: string; occasion: Occasion }
  /** This one and the next to the old address. */
  | { kind: "email-change-requested"; newEmail: string; occasion: Occasion }
  | { kind: "email-changed"; oldEmail: string; newEmail: string; occasion: Occasion }
  | { kind: "email-reverted"; email: string; occasion: Occasion }
  | { kind: "password-changed"; occasion: Occasion }
  | { kind: "new-device"; occasion: Occasion }
  | { kind: "session-replayed"; occasion: Occasion }
  /** What was added to or removed from the ways to sign in. */
  | { kind: "factor-changed"; change: FactorChange; occasion: Occasion }
  | { kind: "recovery-code-used"; remaining: number; occasion: Occasion }
  /** The password was right, and several codes were wrong. */
  | { kind: "second-factor-guessed"; occasion: Occasion }
  /** The signature counter of a passkey went back. */
  | { kind: "passkey-copied"; occasion: Occasion }
  | { kind: "deletion-requested"; deletesAt: string; occasion: Occasion }
  | { kind: "deletion-undone"; occasion: Occasion };

/** As the mail says it. */
export type FactorChange =
  | "An authenticator app was added"
  | "The authenticator app was removed"
  | "A passkey was added"
  | "A passkey was removed"
  | "New recovery codes were made";

export interface MessageLink {
  url: string;
  /** For example ABCD-EFGH. */
  code: string;
  expiresAt: Date;
}
