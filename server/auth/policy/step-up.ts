import { secondsBetween } from "./lifetimes";

/** How the caller must have authenticated, and how recently, for a procedure to run. */
export interface StepUpRule {
  withinSeconds: number;
  /** "strong": with a second factor or a passkey, where the account has one. No account has one yet, so both accept a password. */
  strength: "any" | "strong";
}

/** The ways in which a signed-in user can authenticate again. */
export type StepUpMethod = "password";

export function isStepUpDue({ withinSeconds }: StepUpRule, authenticatedAt: Date, now: Date): boolean {
  return secondsBetween(authenticatedAt, now) > withinSeconds;
}

export function stepUpMethods(): StepUpMethod[] {
  return ["password"];
}
