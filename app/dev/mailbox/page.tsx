import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { SearchParams } from "@/app/next-param";
import { Logo } from "@/app/ui/logo";
import { listMails, mailboxFolder } from "@/server/mail/mailbox";
import { LiveRefresh } from "./live-refresh";
import { MailList } from "./mail-list";
import { OpenedMail } from "./opened-mail";
import { readView } from "./view";

export function generateMetadata(): Metadata {
  // Here too: the metadata of a page is used even where its content is the not-found page.
  if (mailboxFolder() === null) notFound();
  return { title: "Mailbox" };
}

/** The mails that the app would send, if it had a mail server. */
export default async function MailboxPage({ searchParams }: { searchParams: SearchParams }) {
  const folder = mailboxFolder();
  if (folder === null) notFound();
  const mails = await listMails(folder);
  const { mail: file, view } = await searchParams;
  const opened = mails.find((mail) => mail.file === file) ?? null;
  // An opened mail has the main heading: on a phone it is in place of the list.
  const Title = opened === null ? "h1" : "h2";

  return (
    <>
      <LiveRefresh />
      <header className="border-b border-line bg-raised">
        <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-8 gap-y-1 px-5 py-3 sm:px-8">
          <a href="/" className="inline-flex min-h-11 items-center">
            <Logo />
          </a>
          <p className="text-quiet">Development only: no mail server is set, so mails are written to files.</p>
        </div>
      </header>
      <main
        data-opened={opened !== null}
        className="group mx-auto grid max-w-6xl gap-x-10 gap-y-8 px-5 pt-8 pb-16 sm:px-8 lg:grid-cols-[22rem_minmax(0,1fr)]"
      >
        <div className="group-data-[opened=true]:hidden lg:group-data-[opened=true]:block">
          <Title className="plate text-3xl">Mailbox</Title>
          <p role="status" className="mt-2 mb-5 text-quiet">
            {mails.length === 0 ? "No mails yet" : mails.length === 1 ? "1 mail" : `${mails.length} mails`}
          </p>
          {mails.length === 0 && (
            <p>Register an account or ask for a new password. The mail then appears here, and its links work.</p>
          )}
          <MailList mails={mails} opened={opened} />
        </div>
        {opened !== null && <OpenedMail mail={opened} view={readView(view)} />}
        {opened === null && mails.length > 0 && (
          <p className="hidden pt-14 text-quiet lg:block">Select a mail to read it. New mails appear by themselves.</p>
        )}
      </main>
    </>
  );
}
