import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { isMailOn } from "@/server/mail/mail-settings";
import { LOGIN } from "@/server/auth/policy/routes";
import { GuestLink } from "@/app/(guest)/guest-link";
import { ForgotPasswordForm } from "./forgot-password-form";

export const metadata: Metadata = { title: "Forgot your password?" };

export default function ForgotPasswordPage() {
  if (!isMailOn()) notFound();

  return (
    <>
      <h1 className="plate text-4xl">Forgot your password?</h1>
      <p className="mt-3 mb-8 text-quiet">
        Enter the email of your account. You get a mail with a link to choose a new password.{" "}
        <GuestLink href={LOGIN}>Back to sign in</GuestLink>
      </p>
      <ForgotPasswordForm />
    </>
  );
}
