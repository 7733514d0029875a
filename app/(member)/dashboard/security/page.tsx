import type { Metadata } from "next";
import { Section } from "@/app/ui/section";
import { requireCaller } from "@/server/auth/gate/require-caller";
import { env } from "@/server/runtime/env";
import { LogoutEverywhere } from "./logout-everywhere";
import { PasswordForm } from "./password-form";

export const metadata: Metadata = { title: "Security" };

export default async function SecurityPage() {
  await requireCaller();

  return (
    <>
      <div className="mb-12">
        <h1 className="plate text-4xl sm:text-5xl">Security</h1>
        <p className="mt-3 text-lg text-quiet">How you sign in, and how to end every session at once.</p>
      </div>
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
