import "server-only";
import type { Transaction } from "kysely";
import type { ConfirmationOfUser } from "@/db/tables/confirmations";
import type { EndedSessions } from "@/db/tables/revocations";
import type { Database, User } from "@/db/schema";
import type { SecurityEvent } from "@/server/runtime/security-events";
import type { Client } from "@/server/auth/client/client";
import type { Purpose } from "@/server/auth/policy/confirmations";
import type { EndReason } from "@/server/auth/sessions/end-session";
import { changeEmail, revertEmail } from "./change-email";
import { notMe } from "./not-me";
import { resetPassword } from "./reset-password";
import { undoDeletion } from "./undo-deletion";
import { verifyEmail } from "./verify-email";

/** A confirmation that was just marked as used, in the same transaction. */
export interface Confirmed {
  confirmation: ConfirmationOfUser;
  /** For a purpose that needs a new password. */
  newHash: string | null;
  client: Client;
  now: Date;
}

export interface EffectResult {
  /** Logged after the commit. */
  event: SecurityEvent;
  /** Where the page leads afterwards. */
  next: string;
  /** If the effect ends all sessions; with the password hash that it replaced, if any. */
  ended?: { reason: EndReason; sessions: EndedSessions; replacedHash?: string };
}

/** What a confirmation does, with the user's row locked. A refusal that it throws leaves the confirmation open. */
export type Effect = (trx: Transaction<Database>, user: User, confirmed: Confirmed) => Promise<EffectResult>;

/** One entry for each purpose that can be confirmed. */
export const EFFECTS: Readonly<Partial<Record<Purpose, { apply: Effect; ofDisabledAccount?: true }>>> = {
  "verify-email": { apply: verifyEmail },
  "reset-password": { apply: resetPassword },
  "change-email": { apply: changeEmail },
  "revert-email": { apply: revertEmail },
  "not-me": { apply: notMe },
  "undo-deletion": { apply: undoDeletion, ofDisabledAccount: true },
};
