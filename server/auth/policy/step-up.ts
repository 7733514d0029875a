import { secondsBetween } from "./lifetimes";

/** How the caller must have authenticated, and how recently, for a procedure to run. */
export interface StepUpRule {
  withinSeconds: number;
  /** "strong": with a second factor or a passkey, where the account has one. */
  strength: "any" | "strong";
  /** For a procedure that asks for the password itself: an account without a second factor would be asked for it twice. */
  onlyWithSecondFactor?: true;
}

export function isStepUpDue({ withinSeconds }: StepUpRule, authenticatedAt: Date, now: Date): boolean {
  return secondsBetween(authenticatedAt, now) > withinSeconds;
}
