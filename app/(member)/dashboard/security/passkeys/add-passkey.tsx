"use client";

import { useState } from "react";
import { useAuth } from "@/app/auth/auth-provider";
import { describeFailure } from "@/app/auth/failure";
import { createPasskey } from "@/app/auth/passkey";
import { useSupportsPasskeys } from "@/app/auth/passkey-button";
import { signalAcceptedPasskeys } from "@/app/auth/passkey-signals";
import { trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { FormProblem } from "@/app/ui/form-problem";
import type { Problem } from "@/app/ui/use-form";

/** `recoveryCodes`: new ones, which come with the first factor of an account. */
export interface AddedPasskey {
  id: string;
  recoveryCodes: string[] | null;
}

/** Creates a passkey in the browser and registers it. */
export function AddPasskey({ onAdded }: { onAdded: (added: AddedPasskey) => void }) {
  const { user } = useAuth();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [pending, setPending] = useState(false);
  const utils = trpc.useUtils();
  const begin = trpc.passkeys.beginRegistration.useMutation();
  const finish = trpc.passkeys.finishRegistration.useMutation();
  const isSupported = useSupportsPasskeys();

  async function add() {
    setPending(true);
    setProblem(null);
    try {
      const options = await begin.mutateAsync();
      const response = await createPasskey(options);
      const { id, recoveryCodes } = await finish.mutateAsync({ response: { ...response } });
      const earlier = options.excludeCredentials ?? [];
      void signalAcceptedPasskeys(user!, [response.id, ...earlier.map((credential) => credential.id)]);
      await utils.factors.list.invalidate();
      onAdded({ id, recoveryCodes });
    } catch (error) {
      setProblem(describeFailure(error));
    }
    setPending(false);
  }

  if (!isSupported) return <p className="text-quiet">This browser cannot create passkeys.</p>;
  return (
    <>
      <div>
        <Button pending={pending} pendingLabel="Waiting for your device…" onClick={() => void add()}>
          Add a passkey
        </Button>
      </div>
      <FormProblem problem={problem} />
    </>
  );
}
