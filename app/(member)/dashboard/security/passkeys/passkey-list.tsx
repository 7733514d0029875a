"use client";

import { useEffect, useRef, useState } from "react";
import { useAuth } from "@/app/auth/auth-provider";
import { describeFailure } from "@/app/auth/failure";
import { signalUserDetails } from "@/app/auth/passkey-signals";
import { trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { Notice } from "@/app/ui/notice";
import { NewCodesDialog } from "@/app/(member)/dashboard/security/new-codes-dialog";
import { AddPasskey, type AddedPasskey } from "./add-passkey";
import { PasskeyRow } from "./passkey-row";

/** The passkeys of the user: a new one is named after it was created, in its row. */
export function PasskeyList() {
  const { user } = useAuth();
  const box = useRef<HTMLDivElement>(null);
  const [statusMessage, setStatusMessage] = useState("");
  const [added, setAdded] = useState<AddedPasskey | null>(null);
  const [renamedId, setRenamedId] = useState<string | null>(null);
  const { data, error, refetch, isFetching } = trpc.factors.list.useQuery();
  const passkeys = data?.passkeys;
  const hasPasskeys = passkeys !== undefined && passkeys.length > 0;

  useEffect(() => {
    if (hasPasskeys && user !== null) void signalUserDetails(user);
  }, [hasPasskeys, user]);

  /** Moves the focus, because the button that had it was removed. */
  function announce(message: string) {
    setRenamedId(null);
    setStatusMessage(message);
    box.current?.focus();
  }

  /** After the codes were saved: behind their dialog the field of the name would not get the focus. */
  function startNaming(id: string) {
    setAdded(null);
    setStatusMessage("Your passkey was added. Give it a name that tells you where it is.");
    setRenamedId(id);
  }

  return (
    <div ref={box} tabIndex={-1} className="flex flex-col gap-6 outline-none">
      <Notice tone="success">{statusMessage}</Notice>
      <Notice tone="refusal">
        {error && (
          <span className="flex flex-wrap items-center justify-between gap-4">
            <span>
              {passkeys ? "This list may be out of date. " : "Your passkeys could not be loaded. "}
              {describeFailure(error).message}
            </span>
            <Button pending={isFetching} pendingLabel="Trying…" onClick={() => void refetch()}>
              Try again
            </Button>
          </span>
        )}
      </Notice>
      {hasPasskeys && (
        <ul className="border-b border-line" aria-label="Passkeys">
          {passkeys.map((passkey) => (
            <PasskeyRow
              key={passkey.id}
              passkey={passkey}
              isRenaming={renamedId === passkey.id}
              onRename={() => setRenamedId(passkey.id)}
              onCancel={() => setRenamedId(null)}
              onDone={announce}
            />
          ))}
        </ul>
      )}
      {passkeys?.length === 0 && (
        <p className="max-w-prose text-quiet">
          You have no passkey yet. Your fingerprint, your face or your screen lock then replaces the password and the
          second step, and a passkey cannot be typed into a false site.
        </p>
      )}
      {!passkeys && !error && <Skeleton />}
      {added?.recoveryCodes && <NewCodesDialog codes={added.recoveryCodes} onSaved={() => startNaming(added.id)} />}
      {passkeys && <AddPasskey onAdded={(one) => (one.recoveryCodes === null ? startNaming(one.id) : setAdded(one))} />}
    </div>
  );
}

/** As tall as one row. */
function Skeleton() {
  return (
    <div role="status" className="min-h-24 border-t border-line py-5">
      <span className="sr-only">Loading your passkeys…</span>
      <span className="skeleton mt-1 h-5 w-48 max-w-full" />
      <span className="skeleton mt-3.5 h-4 w-96 max-w-full" />
    </div>
  );
}
