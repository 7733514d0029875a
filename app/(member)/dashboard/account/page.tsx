import type { Metadata } from "next";
import { Section } from "@/app/ui/section";
import { requireCaller } from "@/server/auth/gate/require-caller";
import { isMailOn } from "@/server/mail/mail-settings";
import { CurrentEmail } from "./current-email";
import { DeleteAccount } from "./delete-account";
import { EmailForm } from "./email-form";
import { ExportData } from "./export-data";
import { MemberSince } from "./member-since";
import { NameForm } from "./name-form";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  await requireCaller();

  return (
    <>
      <div className="mb-12">
        <h1 className="plate text-4xl sm:text-5xl">Account</h1>
        <p className="mt-3 text-lg text-quiet">Your name, your email, and your data.</p>
        <MemberSince />
      </div>
      <Section title="Name" description="The name that this app shows for you.">
        <NameForm />
      </Section>
      <Section title="Email" description="You sign in with it, and messages about your account go to it.">
        <div className="flex flex-col gap-6">
          <CurrentEmail />
          {isMailOn() && <EmailForm />}
        </div>
      </Section>
      <Section title="Your data" description="A copy of everything that this service stores about you.">
        <ExportData />
      </Section>
      <Section title="Delete account" description="Closes the account, and later erases everything about you.">
        <DeleteAccount canUndo={isMailOn()} />
      </Section>
    </>
  );
}
