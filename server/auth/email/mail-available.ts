import "server-only";
import { Refusal } from "@/server/auth/policy/refusals";
import { isMailOn } from "@/server/mail/mail-settings";

/** With MAIL=off no link was ever sent and none can be, so its procedures do not exist. */
export function refuseWithoutMail(): void {
  if (!isMailOn()) throw new Refusal("NOT_AVAILABLE");
}
