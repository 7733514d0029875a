import type { Metadata } from "next";
import { Section } from "@/app/ui/section";
import { requireCaller } from "@/server/auth/gate/require-caller";
import { env } from "@/server/runtime/env";
import { LogoutEverywhere } from "./logout-everywhere";
import { NameForm } from "./name-form";
import { PasswordForm } from "./password-form";
import { Profile } from "./profile";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  await requireCaller();

  return (
    <>
      <div className="mb-12">
        <h1 className="plate text-4xl sm:text-5xl">Account</h1>
        <p className="mt-3 text-lg text-quiet">Change your name or your password, or sign out everywhere.</p>
      </div>
      <Section title="Name" description="The name that this app shows for you.">
        <NameForm />
      </Section>
      <Section title="Profile" description="You sign in with this email.">
        <Profile />
      </Section>
      <Section
        id="password"
        title="Password"
        description="A new password signs out every other device. This device stays signed in."
      >
        <PasswordForm passwordMinLength={env().PASSWORD_MIN_LENGTH} />
      </Section>
      <Section title="Sign out everywhere" description="For a lost device, or a computer that is not yours.">
        <LogoutEverywhere />
      </Section>
    </>
  );
}
