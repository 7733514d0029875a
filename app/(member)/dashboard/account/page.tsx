import type { Metadata } from "next";
import { Section } from "@/app/ui/section";
import { requireCaller } from "@/server/auth/gate/require-caller";
import { NameForm } from "./name-form";
import { Profile } from "./profile";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  await requireCaller();

  return (
    <>
      <div className="mb-12">
        <h1 className="plate text-4xl sm:text-5xl">Account</h1>
        <p className="mt-3 text-lg text-quiet">Your name and your email.</p>
      </div>
      <Section title="Name" description="The name that this app shows for you.">
        <NameForm />
      </Section>
      <Section title="Profile" description="You sign in with this email.">
        <Profile />
      </Section>
    </>
  );
}
