import Link from "next/link";
import { RelativeTime } from "@/app/ui/date-time";
import type { StoredMail } from "@/server/mail/mailbox";
import { mailPath } from "./view";

export function MailList({ mails, opened }: { mails: StoredMail[]; opened: StoredMail | null }) {
  return (
    <ul className="border-b border-line empty:border-none">
      {mails.map(({ file, subject, recipient, at }) => (
        <li key={file} className="border-t border-line">
          <Link
            href={mailPath(file)}
            prefetch={false}
            aria-current={file === opened?.file ? "true" : undefined}
            className="-mx-3 block border-l-4 border-transparent py-3 pr-3 pl-2 hover:bg-raised aria-[current=true]:border-accent aria-[current=true]:bg-raised"
          >
            <span className="block font-semibold">{subject}</span>
            <span className="mt-0.5 flex flex-wrap justify-between gap-x-4 text-quiet">
              <span className="min-w-0 wrap-anywhere">{recipient}</span>
              <RelativeTime at={at} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
