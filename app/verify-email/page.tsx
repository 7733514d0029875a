import type { Metadata } from "next";
import { withNext } from "@/server/auth/policy/next-path";
import { RESUME } from "@/server/auth/policy/routes";
import { callerToVerify } from "@/server/auth/gate/require-caller";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { AuthLayout } from "@/app/ui/auth-layout";

export const metadata: Metadata = { title: "Verify your email address" };

/** Its link drops the access cookie: the gate issues a new token, which states whether the email is verified by then. */
export default async function VerifyEmailPage({ searchParams }: { searchParams: SearchParams }) {
  const next = await readNextParam(searchParams);
  const caller = await callerToVerify(next);

  return (
    <AuthLayout gate="half">
      <h1 className="plate text-4xl">Verify your email address</h1>
      <p className="mt-4 text-lg text-quiet">
        {caller === null
          ? "Open the link in the mail that we sent you."
          : `Open the link in the mail that we sent to ${caller.user.email}.`}
      </p>
      <p className="mt-8">
        <a className="link" href={withNext(RESUME, next)}>
          Continue
        </a>
      </p>
    </AuthLayout>
  );
}
