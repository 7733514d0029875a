"use client";

import { useRef, useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { Notice } from "@/app/ui/notice";
import { MAX_LIVE_SESSIONS } from "@/server/auth/policy/lifetimes";
import { DeviceRow } from "./device-row";
import { ReportUnknownDevice, RevokeOthers } from "./revoke-buttons";

const REFETCH_INTERVAL_MS = 10_000;
const SKELETON_ROWS = ["one", "two", "three"];

export function DeviceList() {
  const heading = useRef<HTMLHeadingElement>(null);
  const [statusMessage, setStatusMessage] = useState("");
  const { data, error, refetch, isFetching } = trpc.sessions.list.useQuery(undefined, {
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const sessions = data?.toSorted((one, other) => Number(other.current) - Number(one.current));
  const others = data?.filter((session) => !session.current).length ?? 0;

  /** Moves the focus to the heading, because the button was removed with its device. */
  function announce(message: string) {
    setStatusMessage(message);
    heading.current?.focus();
  }

  return (
    <>
      <div className="mb-8 flex flex-wrap items-end justify-between gap-x-8 gap-y-5">
        <div>
          <h1 ref={heading} tabIndex={-1} className="plate text-4xl sm:text-5xl">
            Devices
          </h1>
          <p className="mt-3 text-lg text-quiet">Every browser that is signed in to your account.</p>
          <p className="mt-1 text-quiet">
            At most {MAX_LIVE_SESSIONS} devices can be signed in at the same time. Signing in on another one signs out
            the device used least recently.
          </p>
        </div>
        {others > 0 && <RevokeOthers count={others} onRevoked={announce} />}
      </div>

      <div className="flex flex-col gap-3 has-[>:not(:empty)]:mb-8">
        <Notice tone="success">{statusMessage}</Notice>
        <Notice tone="refusal">
          {error && (
            <span className="flex flex-wrap items-center justify-between gap-4">
              <span>
                {sessions ? "This list may be out of date. " : "Your devices could not be loaded. "}
                {describeFailure(error).message}
              </span>
              <Button pending={isFetching} pendingLabel="Trying…" onClick={() => void refetch()}>
                Try again
              </Button>
            </span>
          )}
        </Notice>
      </div>

      {sessions && (
        <ul className="border-b border-line" aria-label="Signed-in devices">
          {sessions.map((session) => (
            <DeviceRow key={session.id} session={session} onRevoked={announce} />
          ))}
        </ul>
      )}
      {others > 0 && (
        <div className="mt-8 flex flex-wrap items-center justify-between gap-x-8 gap-y-4">
          <p className="text-quiet">Is there a device that you do not recognize?</p>
          <ReportUnknownDevice about="a device that I do not recognize" />
        </div>
      )}
      {sessions && others === 0 && (
        <p className="mt-6 text-quiet">
          Only this device is signed in. When you sign in on another device, it appears here within seconds.
        </p>
      )}
      {!sessions && !error && <DeviceSkeleton />}
    </>
  );
}

/** As tall as the loaded list, so that the layout does not shift. */
function DeviceSkeleton() {
  return (
    <div role="status">
      <span className="sr-only">Loading your devices…</span>
      {SKELETON_ROWS.map((row) => (
        <div key={row} className="flex min-h-[6.6rem] items-start gap-4 border-t border-line py-6 sm:gap-6">
          <span className="skeleton size-12 flex-none" />
          <span className="grow">
            <span className="skeleton mt-1 h-5 w-48 max-w-full" />
            <span className="skeleton mt-3.5 h-4 w-96 max-w-full" />
          </span>
        </div>
      ))}
    </div>
  );
}
