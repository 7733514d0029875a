import {
  judgeConfirmation,
  SUPERSEDES,
  type ConfirmationState,
  type ConfirmationVerdict,
  type PresentedProof,
  type Purpose,
} from "@/server/auth/policy/confirmations";
import type { Link, Slot } from "./state";
import { purposeOf } from "./state";

export type Act = keyof typeof SUPERSEDES;

/** The rules for links: the implemented ones, with one changed. */
export interface LinkPolicy {
  name: string;
  /** Changes the stored facts that the implemented verdict sees. */
  mapState?: (state: ConfirmationState) => Partial<ConfirmationState>;
  /** Changes the presented proof that the implemented verdict sees. */
  mapProof?: (proof: PresentedProof, purpose: Purpose) => Partial<PresentedProof>;
  /** Verdicts that confirm nothing, whatever the implemented one says. */
  refuses?: (proof: PresentedProof, state: ConfirmationState) => boolean;
  supersedes?: Partial<Record<Act, readonly Purpose[]>>;
  keepsUnsentMails?: true;
  secondRequest?: "ends the first link" | "extends the first link";
  /** What the UPDATE that uses a link does not ask. */
  updateIgnores?: readonly ("used" | "superseded" | "expired")[];
  countsNoWrongCodes?: true;
  describingConsumes?: true;
  opensSession?: true;
  resetKeepsSessions?: true;
  resetRemovesSecondFactor?: true;
  keepsLaterReverts?: true;
  sendsNoRevert?: true;
}

export const IMPLEMENTED_RULES: LinkPolicy = { name: "as implemented" };

/** How long a link lives, in ticks. */
export const LIFE: Readonly<Record<Purpose, number>> = {
  "verify-email": 2,
  "reset-password": 1,
  "change-email": 1,
  "revert-email": 2,
  "not-me": 1,
  "undo-deletion": 2,
};

const NOW = Date.UTC(2026, 10, 21);
const TICK_MS = 1000;

export function lifeOf(slot: Slot): number {
  return LIFE[purposeOf(slot)];
}

/** Judges a presented link or code with `judgeConfirmation`. */
export function judge(
  policy: LinkPolicy,
  slot: Slot,
  link: Link,
  isDeleting: boolean,
  proof: PresentedProof,
): ConfirmationVerdict["kind"] {
  const purpose = purposeOf(slot);
  const at = (ticksAgo: number) => new Date(NOW - ticksAgo * TICK_MS);
  const isSuperseded = link.status === "superseded" || (isDeleting && purpose !== "undo-deletion");
  const stored: ConfirmationState = {
    purpose,
    expiresAt: at(link.age - lifeOf(slot)),
    usedAt: link.status === "used" ? at(0) : null,
    supersededAt: isSuperseded ? at(0) : null,
    codeTries: link.tries,
  };
  if (policy.refuses?.(proof, stored)) return "unknown";
  const state = { ...stored, ...policy.mapState?.(stored) };
  return judgeConfirmation(state, { ...proof, ...policy.mapProof?.(proof, purpose) }, at(0)).kind;
}

export function supersededBy(policy: LinkPolicy, act: Act): readonly Purpose[] {
  return policy.supersedes?.[act] ?? SUPERSEDES[act];
}
