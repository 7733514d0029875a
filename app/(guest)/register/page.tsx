import type { Metadata } from "next";
import { redirectIfSignedIn } from "@/server/auth/gate/require-caller";
import { isMailOn } from "@/server/mail/mail-settings";
import { env } from "@/server/runtime/env";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { RegisterForm } from "./register-form";

export const metadata: Metadata = { title: "Create an account" };

export default async function RegisterPage({ searchParams }: { searchParams: SearchParams }) {
  const next = await readNextParam(searchParams);
  await redirectIfSignedIn(next);
  const { PASSWORD_MIN_LENGTH: passwordMinLength, APP_ORIGIN: appOrigin } = env();

  return <RegisterForm next={next} passwordMinLength={passwordMinLength} appOrigin={appOrigin} isMailOn={isMailOn()} />;
}
