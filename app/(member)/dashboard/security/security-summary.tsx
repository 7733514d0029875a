"use client";

import { describeFailure } from "@/app/auth/failure";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { decideAdvice } from "./security-advice";

/** What needs the attention of the user, at the top of the page. */
export function SecuritySummary({ isEmailVerified, isMailOn }: { isEmailVerified: boolean; isMailOn: boolean }) {
  const { data: factors, error } = trpc.factors.list.useQuery(undefined, OPTIONAL_QUERY);
  const advice = factors && decideAdvice(factors, !isEmailVerified && isMailOn, isMailOn);

  return (
    // As tall as one entry, so that the page does not shift when it is loaded.
    <section aria-label="What needs your attention" className="mb-10 min-h-36 sm:min-h-28">
      {advice && advice.length > 0 && (
        <ul className="flex flex-col gap-3">
          {advice.map(({ title, text, link }) => (
            <li
              key={title}
              className="flex flex-wrap items-center justify-between gap-x-8 rounded-plate border-l-4 border-amber bg-raised px-5 py-4"
            >
              <p className="max-w-prose flex-1 basis-72">
                <strong className="font-semibold">{title}</strong> {text}
              </p>
              <a className="link inline-flex min-h-11 items-center" href={link.href}>
                {link.text}
              </a>
            </li>
          ))}
        </ul>
      )}
      {advice?.length === 0 && (
        <p className="rounded-plate border-l-4 border-accent bg-wash px-5 py-4">
          <strong className="font-semibold">Nothing needs your attention.</strong> Signing in needs{" "}
          {factors?.password ? "more than your password" : "your passkey"}, and there are recovery codes for the day on
          which you lose your phone.
        </p>
      )}
      {!factors && (
        <div className="rounded-plate border-l-4 border-line bg-raised px-5 py-4">
          {error ? (
            <p className="text-quiet">
              The state of your account could not be loaded. {describeFailure(error).message}
            </p>
          ) : (
            <>
              <span className="skeleton mt-1 h-5 w-96 max-w-full" />
              <span className="skeleton mt-4 h-4 w-56 max-w-full" />
              <span className="sr-only">Loading…</span>
            </>
          )}
        </div>
      )}
    </section>
  );
}
