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
        <p className="mt-3 text-lg text-quiet">Your name, your password, and the way out.</p>
      </div>
      <Section title="Name" description="How you are greeted here.">
        <NameForm />
      </Section>
      <Section title="Profile" description="The email is what you sign in with.">
        <Profile />
      </Section>
      <Section id="password" title="Password" description="A new one signs out every other device. This one stays.">
        <PasswordForm passwordMinLength={env().PASSWORD_MIN_LENGTH} />
      </Section>
      <Section title="Sign out everywhere" description="For a device that is lost, or a computer that was not yours.">
        <LogoutEverywhere />
      </Section>
    </>
  );
}
