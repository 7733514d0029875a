import type { Metadata } from "next";
import { withNext } from "@/server/auth/policy/next-path";
import { ACCOUNT, RESUME } from "@/server/auth/policy/routes";
import { callerToVerify } from "@/server/auth/gate/require-caller";
import { env } from "@/server/runtime/env";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { AuthLayout } from "@/app/ui/auth-layout";
import { VerifyEmailPanel } from "./verify-email-panel";

export const metadata: Metadata = { title: "Confirm your email address" };

/** Its link drops the access cookie: the gate issues a new token, which states whether the email is verified by then. */
export default async function VerifyEmailPage({ searchParams }: { searchParams: SearchParams }) {
  const next = await readNextParam(searchParams);
  const caller = await callerToVerify(next);

  return (
    <AuthLayout gate="half">
      <h1 className="plate text-4xl">Confirm your email address</h1>
      {caller === null ? (
        <p className="mt-4 text-lg text-quiet">Open the link in the mail that we sent you, then continue.</p>
      ) : (
        <>
          <p className="mt-4 text-lg text-quiet">
            We sent a mail to <strong className="break-words text-ink">{caller.user.email}</strong>. Open its link in
            this browser, or type its code here.
          </p>
          <VerifyEmailPanel
            email={caller.user.email}
            continueTo={withNext(RESUME, next)}
            passwordMinLength={env().PASSWORD_MIN_LENGTH}
          />
        </>
      )}
      <p className="mt-8 flex flex-wrap gap-x-6 gap-y-2">
        <a className="link" href={withNext(RESUME, next)}>
          I have opened the link
        </a>
        {caller !== null && !caller.mustVerifyEmail && (
          <a className="link" href={ACCOUNT}>
            Correct the address
          </a>
        )}
      </p>
    </AuthLayout>
  );
}
