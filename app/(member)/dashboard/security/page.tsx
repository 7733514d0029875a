import type { Metadata } from "next";
import { Section } from "@/app/ui/section";
import { requireCaller } from "@/server/auth/gate/require-caller";
import { isMailOn } from "@/server/mail/mail-settings";
import { env } from "@/server/runtime/env";
import { AuthenticatorApp } from "./authenticator-app";
import { LogoutEverywhere } from "./logout-everywhere";
import { LostPhone } from "./lost-phone";
import { PasskeyList } from "./passkeys/passkey-list";
import { PasswordForm } from "./password-form";
import { RecoveryCodes } from "./recovery-codes";
import { SecuritySummary } from "./security-summary";

export const metadata: Metadata = { title: "Security" };

export default async function SecurityPage() {
  const { isEmailVerified } = await requireCaller();

  return (
    <>
      <div className="mb-8">
        <h1 className="plate text-4xl sm:text-5xl">Security</h1>
        <p className="mt-3 text-lg text-quiet">How you sign in, and how to end every session at once.</p>
      </div>
      <SecuritySummary isEmailVerified={isEmailVerified} isMailOn={isMailOn()} />
      <Section
        id="password"
        title="Password"
        description="A new password signs out every other device. This device stays signed in."
      >
        <PasswordForm passwordMinLength={env().PASSWORD_MIN_LENGTH} />
      </Section>
      <Section
        id="passkeys"
        title="Passkeys"
        description="Sign in with your fingerprint, your face or your screen lock. A passkey counts as password and second step."
      >
        <PasskeyList />
      </Section>
      <Section
        id="authenticator-app"
        title="Authenticator app"
        description="A second step of signing in: an app on your phone shows a code that changes every 30 seconds."
      >
        <AuthenticatorApp />
      </Section>
      <Section
        id="recovery-codes"
        title="Recovery codes"
        description="For when you do not have your phone. A code replaces the second step, never your password."
      >
        <RecoveryCodes />
      </Section>
      <Section title="If you lose your phone" description="What you would do, with the account as it is now.">
        <LostPhone isMailOn={isMailOn()} />
      </Section>
      <Section title="Sign out everywhere" description="For a lost device, or a computer that is not yours.">
        <LogoutEverywhere />
      </Section>
    </>
  );
}
