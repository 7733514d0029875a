"use client";

import { useState } from "react";
import { useAuth } from "@/app/auth/auth-provider";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { formatDuration } from "@/app/ui/duration";
import { FormProblem } from "@/app/ui/form-problem";
import { Notice } from "@/app/ui/notice";
import type { Problem } from "@/app/ui/use-form";
import { CONFIRMATION_SECONDS } from "@/server/auth/policy/lifetimes";

interface RequestedEmailProps {
  /** Null if no change was requested on this page. */
  email: string | null;
  onRepeat: (email: string) => Promise<Problem | null>;
}

/** What happens next with a requested email, and a button that sends the link again. */
export function RequestedEmail({ email, onRepeat }: RequestedEmailProps) {
  const { user } = useAuth();
  const { data: profile } = trpc.users.me.useQuery(undefined, OPTIONAL_QUERY);
  const [pending, setPending] = useState(false);
  const [wasRepeated, setWasRepeated] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function repeat(to: string) {
    setPending(true);
    const failure = await onRepeat(to);
    setPending(false);
    setProblem(failure);
    setWasRepeated(failure === null);
  }

  return (
    <div className="flex flex-col gap-4 empty:hidden">
      <Notice tone="success">
        {email !== null && (
          <>
            <p className="wrap-anywhere">Open the link that we sent to {email}.</p>
            <p className="mt-2 font-normal wrap-anywhere">
              It works for {formatDuration(CONFIRMATION_SECONDS["change-email"])}. Until you open it, you sign in with{" "}
              {user?.email}.
              {profile?.emailVerified &&
                ` That address gets a message too: from there the change can be undone for ${formatDuration(CONFIRMATION_SECONDS["revert-email"])}.`}
            </p>
          </>
        )}
      </Notice>
      {email !== null && (
        <div className="flex flex-wrap items-center gap-4">
          <Button pending={pending} pendingLabel="Requesting…" onClick={() => void repeat(email)}>
            Send it again
          </Button>
          <p role="status" className="text-quiet">
            {wasRepeated && "Sent again. It can take a minute to arrive."}
          </p>
        </div>
      )}
      <FormProblem problem={problem} />
    </div>
  );
}
