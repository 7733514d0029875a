"use client";

import Link from "next/link";
import { describeFailure } from "@/app/auth/failure";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { SESSIONS } from "@/server/auth/policy/routes";

export function DeviceCount() {
  const { data, error } = trpc.sessions.list.useQuery(undefined, OPTIONAL_QUERY);
  const others = data?.filter((session) => !session.current);

  return (
    <div className="flex flex-wrap items-center justify-between gap-x-8 gap-y-4">
      <div className="min-h-14" aria-live="polite">
        {others && (
          <>
            <p className="text-lg font-semibold">
              {others.length === 0 ? "Only this device" : `This device and ${formatCount(others.length, "other")}`}
            </p>
            <p className="text-quiet">
              {others.length === 0 ? "No other device is signed in to your account." : listNames(others)}
            </p>
          </>
        )}
        {!others && error && <p className="text-quiet">{describeFailure(error).message}</p>}
        {!others && !error && (
          <>
            <span className="skeleton mt-1 h-5 w-44" />
            <span className="skeleton mt-3 h-4 w-56" />
            <span className="sr-only">Loading…</span>
          </>
        )}
      </div>
      <Link className="link inline-flex min-h-11 items-center" href={SESSIONS} prefetch={false}>
        See all devices
      </Link>
    </div>
  );
}

const MAX_NAMES = 2;

function listNames(sessions: { device: { browser: string; os: string } }[]): string {
  const named = sessions.slice(0, MAX_NAMES).map(({ device }) => `${device.browser} on ${device.os}`);
  const more = sessions.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(" and ");
}

function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
