"use client";

import { useState } from "react";
import { authClient } from "@/app/auth/auth-client";
import { describeFailure } from "@/app/auth/failure";
import { Button } from "@/app/ui/button";
import { FormProblem } from "@/app/ui/form-problem";
import { Notice } from "@/app/ui/notice";
import type { Problem } from "@/app/ui/use-form";

/** Sends the mail of the verification again. The server sends at most one a minute and stays silent beyond. */
export function ResendButton({ variant }: { variant?: "solid" | "plain" }) {
  const [state, setState] = useState<"idle" | "sending" | "sent">("idle");
  const [problem, setProblem] = useState<Problem | null>(null);
  // Its live regions appear with the first request, and before its result: private pages have their own.
  const [wasUsed, setWasUsed] = useState(false);

  async function send() {
    setWasUsed(true);
    setState("sending");
    setProblem(null);
    try {
      await authClient.email.requestVerification.mutate();
      setState("sent");
    } catch (error) {
      setState("idle");
      setProblem(describeFailure(error));
    }
  }

  return (
    <div className="flex flex-col gap-3">
      <div>
        <Button variant={variant} pending={state === "sending"} pendingLabel="Sending…" onClick={() => void send()}>
          Send the mail again
        </Button>
      </div>
      {wasUsed && (
        <>
          <Notice tone="success">
            {state === "sent" && "The mail is on its way. It can take a minute; look into the spam folder, too."}
          </Notice>
          <FormProblem problem={problem} />
        </>
      )}
    </div>
  );
}
