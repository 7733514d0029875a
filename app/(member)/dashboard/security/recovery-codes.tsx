"use client";

import { useRef, useState } from "react";
import { describeFailure } from "@/app/auth/failure";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { ConfirmButton } from "@/app/ui/confirm-button";
import { Notice } from "@/app/ui/notice";
import { NewCodesDialog } from "./new-codes-dialog";
import { hasFewCodes, hasSecondFactor, remainingCodes, type Factors } from "./security-advice";

export function RecoveryCodes() {
  const utils = trpc.useUtils();
  const { data: factors, error } = trpc.factors.list.useQuery(undefined, OPTIONAL_QUERY);
  const renew = trpc.recoveryCodes.renew.useMutation();
  const received = useRef<string[] | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [isRenewed, setIsRenewed] = useState(false);

  async function renewCodes(): Promise<string | null> {
    setIsRenewed(false);
    try {
      received.current = (await renew.mutateAsync()).codes;
      void utils.factors.list.invalidate();
      return null;
    } catch (failure) {
      return describeFailure(failure).message;
    }
  }

  function onSaved() {
    setCodes(null);
    setIsRenewed(true);
  }

  return (
    <div className="flex min-h-24 max-w-prose flex-col items-start gap-5">
      {factors && <p>{describeState(factors)}</p>}
      {!factors && error && <p className="text-quiet">{describeFailure(error).message}</p>}
      {factors && hasSecondFactor(factors) && (
        <ConfirmButton
          label="Make new recovery codes"
          variant={hasFewCodes(factors) ? "solid" : "plain"}
          title="Make new recovery codes?"
          action="Make new codes"
          pendingLabel="Making new codes…"
          onConfirm={renewCodes}
          // After the confirmation is closed, because two dialogs would otherwise be open.
          onDone={() => setCodes(received.current)}
        >
          The recovery codes that you have stop working at once, used or not. The new ones are shown next.
        </ConfirmButton>
      )}
      {codes && <NewCodesDialog codes={codes} onSaved={onSaved} />}
      <Notice tone="success">{isRenewed && "You have new recovery codes. The previous ones no longer work."}</Notice>
    </div>
  );
}

function describeState(factors: Factors) {
  if (!hasSecondFactor(factors)) return "You get ten codes with your first passkey or authenticator app.";
  const remaining = remainingCodes(factors);
  if (remaining === 0) return "You have no recovery code left.";
  return (
    <>
      <strong className="text-lg font-semibold figures">{remaining} of 10</strong> codes are left. Each one works once.
    </>
  );
}
