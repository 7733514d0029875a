import Link from "next/link";
import type { ReactNode } from "react";
import { DateTime } from "@/app/ui/date-time";
import { DescriptionItem, DescriptionList } from "@/app/ui/description-list";
import { MAILBOX } from "@/server/auth/policy/routes";
import type { StoredMail } from "@/server/mail/mailbox";
import { mailPath, VIEWS, type View } from "./view";

export function OpenedMail({ mail, view }: { mail: StoredMail; view: View }) {
  return (
    <article className="min-w-0">
      <p className="mb-4 lg:hidden">
        <Link href={MAILBOX} prefetch={false} className="link inline-flex min-h-11 items-center">
          All mails
        </Link>
      </p>
      <h1 className="plate mb-5 text-2xl">{mail.subject}</h1>
      <DescriptionList>
        <DescriptionItem term="To">{mail.recipient}</DescriptionItem>
        <DescriptionItem term="Time">
          <DateTime at={mail.at} />
        </DescriptionItem>
        <DescriptionItem term="File">{mail.file}</DescriptionItem>
      </DescriptionList>
      <nav aria-label="View" className="mt-6 border-b border-line">
        <ul className="flex">
          {Object.entries(VIEWS).map(([name, label]) => (
            <li key={name}>
              <Link
                href={mailPath(mail.file, name as View)}
                prefetch={false}
                scroll={false}
                aria-current={name === view ? "true" : undefined}
                className="inline-flex min-h-11 items-center border-b-4 border-transparent px-4 font-semibold text-quiet hover:text-ink aria-[current=true]:border-accent aria-[current=true]:text-ink"
              >
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <MailBody mail={mail} view={view} />
    </article>
  );
}

function MailBody({ mail, view }: { mail: StoredMail; view: View }) {
  switch (view) {
    case "html":
      // No script runs in the frame and no form is sent. Links open in tabs of their own, which are not sandboxed.
      return (
        <iframe
          key={mail.file}
          title={`Mail: ${mail.subject}`}
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          srcDoc={mail.html.replace("<head>", '<head><base target="_blank">')}
          className="mt-4 h-[75dvh] min-h-120 w-full rounded-plate border border-line"
        />
      );
    case "text":
      return <Preformatted>{withLinks(mail.text)}</Preformatted>;
    case "source":
      return <Preformatted>{mail.source}</Preformatted>;
  }
}

function Preformatted({ children }: { children: ReactNode }) {
  return (
    <pre className="mt-4 rounded-plate border border-line bg-raised p-4 font-mono text-sm whitespace-pre-wrap wrap-anywhere sm:p-6">
      {children}
    </pre>
  );
}

/** The links of the text part stand alone on their lines. */
function withLinks(text: string): ReactNode[] {
  return text.split(/^(https?:\S+)$/m).map((part, at) =>
    at % 2 === 0 ? (
      part
    ) : (
      <a key={at} href={part} target="_blank" rel="noopener" className="link">
        {part}
      </a>
    ),
  );
}
