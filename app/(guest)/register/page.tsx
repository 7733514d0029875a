import type { Metadata } from "next";
import { withNext } from "@/server/auth/policy/next-path";
import { LOGIN } from "@/server/auth/policy/routes";
import { redirectIfSignedIn } from "@/server/auth/gate/require-caller";
import { env } from "@/server/runtime/env";
import { GuestLink } from "@/app/(guest)/guest-link";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { RegisterForm } from "./register-form";

export const metadata: Metadata = { title: "Create an account" };

export default async function RegisterPage({ searchParams }: { searchParams: SearchParams }) {
  const next = await readNextParam(searchParams);
  await redirectIfSignedIn(next);

  return (
    <>
      <h1 className="plate text-4xl">Create an account</h1>
      <p className="mt-3 mb-8 text-quiet">
        Already have an account? <GuestLink href={withNext(LOGIN, next)}>Sign in</GuestLink>
      </p>
      <RegisterForm next={next} passwordMinLength={env().PASSWORD_MIN_LENGTH} appOrigin={env().APP_ORIGIN} />
    </>
  );
}
