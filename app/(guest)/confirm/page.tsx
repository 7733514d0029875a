import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { isMailOn } from "@/server/mail/mail-settings";
import { maskEmail } from "@/server/auth/email/mask-email";
import { currentCaller } from "@/server/auth/gate/require-caller";
import { CONFIRM } from "@/server/auth/policy/routes";
import { env } from "@/server/runtime/env";
import { ConfirmLink } from "./confirm-link";

export const metadata: Metadata = { title: "Confirm" };

/** One page for every kind of link. Nothing changes before a button is pressed: programs open links, too. */
export default async function ConfirmPage() {
  if (!isMailOn()) notFound();
  const caller = await currentCaller(CONFIRM);
  const viewer = caller && { email: caller.user.email, maskedEmail: maskEmail(caller.user.email) };
  return <ConfirmLink viewer={viewer} passwordMinLength={env().PASSWORD_MIN_LENGTH} />;
}
