"use client";

import { useRef } from "react";
import { useAuth } from "@/app/auth/auth-provider";
import { RecoveryCodeSheet } from "@/app/auth/recovery-code-sheet";
import { Button } from "@/app/ui/button";
import { Dialog } from "@/app/ui/dialog";

/** Shows recovery codes once. */
export function NewCodesDialog({ codes, onSaved }: { codes: string[]; onSaved: () => void }) {
  const { user } = useAuth();
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <Dialog
      dialogRef={dialog}
      title="Save your recovery codes"
      description="Each one works once, after your password, if you lose your phone. They are not shown again: keep them where you can reach them without it."
      // The codes cannot be shown again, so Escape does not hide them.
      isBusy
      onClose={onSaved}
    >
      <RecoveryCodeSheet email={user?.email ?? ""} codes={codes} />
      <div className="mt-6 flex sm:justify-end">
        <Button variant="solid" className="grow sm:grow-0" onClick={() => dialog.current?.close()}>
          I have saved them
        </Button>
      </div>
    </Dialog>
  );
}
