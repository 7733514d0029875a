import type { Metadata } from "next";
import { withNext } from "@/server/auth/policy/next-path";
import { FORGOT_PASSWORD, REGISTER } from "@/server/auth/policy/routes";
import { redirectIfSignedIn } from "@/server/auth/gate/require-caller";
import { isMailOn } from "@/server/mail/mail-settings";
import { env } from "@/server/runtime/env";
import { GuestLink } from "@/app/(guest)/guest-link";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { LoginForm } from "./login-form";

export const metadata: Metadata = { title: "Sign in" };

export default async function LoginPage({ searchParams }: { searchParams: SearchParams }) {
  const next = await readNextParam(searchParams);
  await redirectIfSignedIn(next);

  return (
    <>
      <h1 className="plate text-4xl">Sign in</h1>
      <p className="mt-3 mb-8 text-quiet">
        New here? <GuestLink href={withNext(REGISTER, next)}>Create an account</GuestLink>
      </p>
      <LoginForm next={next} appOrigin={env().APP_ORIGIN} />
      {isMailOn() && (
        <p className="mt-6">
          <a className="link" href={FORGOT_PASSWORD}>
            Forgot your password?
          </a>
        </p>
      )}
    </>
  );
}
