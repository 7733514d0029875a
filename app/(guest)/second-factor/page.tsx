import type { Metadata } from "next";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { clientOf } from "@/server/auth/client/client";
import { redirectIfSignedIn } from "@/server/auth/gate/require-caller";
import { describePendingLogin } from "@/server/auth/login/second-factor";
import { secondsBetween } from "@/server/auth/policy/lifetimes";
import { withNext } from "@/server/auth/policy/next-path";
import { LOGIN } from "@/server/auth/policy/routes";
import { readCookies } from "@/server/auth/tokens/cookies";
import { database } from "@/server/runtime/database";
import { readNextParam, type SearchParams } from "@/app/next-param";
import { SecondFactorForm } from "./second-factor-form";

export const metadata: Metadata = { title: "Second step" };

export default async function SecondFactorPage({ searchParams }: { searchParams: SearchParams }) {
  const next = await readNextParam(searchParams);
  await redirectIfSignedIn(next);
  const received = await headers();
  const { challengeToken } = readCookies(received.get("cookie"));
  const now = new Date();
  const pending = await describePendingLogin(database(), challengeToken, clientOf(received), now);
  if (pending === null) redirect(withNext(LOGIN, next));

  return (
    <SecondFactorForm next={next} methods={pending.methods} secondsLeft={secondsBetween(now, pending.expiresAt)} />
  );
}
