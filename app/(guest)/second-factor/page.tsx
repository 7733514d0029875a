import type { Metadata } from "next";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { clientOf } from "@/server/auth/client/client";
import { redirectIfSignedIn } from "@/server/auth/gate/require-caller";
import { describePendingLogin } from "@/server/auth/login/second-factor";
import { withNext } from "@/server/auth/policy/next-path";
import { LOGIN } from "@/server/auth/policy/routes";
import { readCookies } from "@/server/auth/tokens/cookies";
import { database } from "@/server/runtime/database";
import { GuestLink } from "@/app/(guest)/guest-link";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { SecondFactorForm } from "./second-factor-form";

export const metadata: Metadata = { title: "Second step" };

export default async function SecondFactorPage({ searchParams }: { searchParams: SearchParams }) {
  const next = await readNextParam(searchParams);
  await redirectIfSignedIn(next);
  const received = await headers();
  const { challengeToken } = readCookies(received.get("cookie"));
  const pending = await describePendingLogin(database(), challengeToken, clientOf(received), new Date());
  if (pending === null) redirect(withNext(LOGIN, next));

  return (
    <>
      <h1 className="plate text-4xl">One more step</h1>
      <p className="mt-3 mb-8 text-quiet">Your password was right. Confirm now that it is you.</p>
      <SecondFactorForm next={next} methods={pending.methods} />
      <p className="mt-6">
        <GuestLink href={withNext(LOGIN, next)}>Sign in with another account</GuestLink>
      </p>
    </>
  );
}
