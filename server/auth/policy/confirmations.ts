/** What a link or a code sent by mail confirms. */
export const PURPOSES = [
  "verify-email",
  "reset-password",
  "change-email",
  "revert-email",
  "not-me",
  "undo-deletion",
] as const;

export type Purpose = (typeof PURPOSES)[number];

/** What a person must do besides opening the link. A machine that opens links and presses buttons can do only the first. */
export type ConfirmationNeeds = "press" | "code" | "new-password";

/** Wrong codes typed with an address; then only the link confirms. */
export const MAX_CODE_TRIES = 5;

/** The stored facts that a verdict depends on. */
export interface ConfirmationState {
  purpose: Purpose;
  expiresAt: Date;
  usedAt: Date | null;
  /** Ended before its use, by a later change of credentials. */
  supersededAt: Date | null;
  /** Wrong codes typed so far. */
  codeTries: number;
}

/** What a request presents, compared with the confirmation. */
export interface PresentedProof {
  /** An authentic token of this confirmation: the mail was received. False if the request names an address instead. */
  hasToken: boolean;
  code: "none" | "right" | "wrong";
  /** The browser has the session that asked for the mail, and it is live. */
  isAskingSession: boolean;
  hasNewPassword: boolean;
}

export type ConfirmationVerdict =
  | { kind: "perform" }
  /** The page asks for this field. */
  | { kind: "incomplete"; field: "code" | "newPassword" }
  | { kind: "wrong code" }
  | { kind: "spent"; how: "used" | "superseded" | "expired" }
  /** Never existed, another's, forged, or a code that is wrong or spent: not distinguished. */
  | { kind: "unknown" };

export function needsOf(purpose: Purpose, isAskingSession: boolean): ConfirmationNeeds {
  if (purpose === "reset-password") return "new-password";
  return isAskingSession ? "press" : "code";
}

/** Decides whether a request confirms. `confirmation` is null if there is none. */
export function judgeConfirmation(
  confirmation: ConfirmationState | null,
  presented: PresentedProof,
  now: Date,
): ConfirmationVerdict {
  if (confirmation === null) return { kind: "unknown" };
  const how = howSpent(confirmation, now);
  if (!presented.hasToken) {
    if (presented.code !== "right" || how !== null || confirmation.codeTries >= MAX_CODE_TRIES)
      return { kind: "unknown" };
  }
  if (how !== null) return { kind: "spent", how };
  if (presented.code === "wrong") return { kind: "wrong code" };
  const needs = needsOf(confirmation.purpose, presented.isAskingSession);
  if (needs === "code" && presented.code === "none") return { kind: "incomplete", field: "code" };
  if (needs === "new-password" && !presented.hasNewPassword) return { kind: "incomplete", field: "newPassword" };
  return { kind: "perform" };
}

function howSpent({ usedAt, supersededAt, expiresAt }: ConfirmationState, now: Date) {
  if (usedAt !== null) return "used";
  if (supersededAt !== null) return "superseded";
  return now.getTime() >= expiresAt.getTime() ? "expired" : null;
}

/**
 * The links against theft. No act but their own use ends them, and only those of later events: a thief has links to the address that they
 * changed to, which must not end the earlier ones of the owner.
 */
export const AGAINST_THEFT = ["not-me", "revert-email"] as const satisfies readonly Purpose[];

/** The open confirmations of the account that an act supersedes, with their unsent mails. */
export const SUPERSEDES = {
  "verify-email": ["verify-email"],
  "reset-password": ["verify-email", "reset-password", "change-email"],
  "change-email": ["verify-email", "reset-password", "change-email"],
  "revert-email": ["verify-email", "reset-password", "change-email"],
  "not-me": ["reset-password", "change-email"],
  "change-password": ["reset-password", "change-email"],
} as const satisfies Record<string, readonly Purpose[]>;
