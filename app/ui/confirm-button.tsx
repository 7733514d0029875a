"use client";

import { type ReactNode, useRef, useState } from "react";
import { Button } from "./button";
import type { ButtonVariant } from "./button-class";
import { Dialog } from "./dialog";
import { Notice } from "./notice";

interface ConfirmButtonProps {
  label: string;
  variant?: ButtonVariant;
  /** Distinguishes buttons with the same label for screen readers. */
  accessibleName?: string;
  title: string;
  action: string;
  pendingLabel: string;
  children: ReactNode;
  /** Performs the action; returns an error message or null. Must not throw. */
  onConfirm: () => Promise<string | null>;
  /** Called after success, when the dialog is closed. */
  onDone?: () => void;
}

/** A button with a confirmation. */
export function ConfirmButton({ label, variant, accessibleName, ...dialog }: ConfirmButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant={variant} aria-label={accessibleName} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {label}
      </Button>
      {open && <ConfirmDialog {...dialog} onClose={() => setOpen(false)} />}
    </>
  );
}

type ConfirmDialogProps = Omit<ConfirmButtonProps, "label" | "variant" | "accessibleName"> & { onClose: () => void };

function ConfirmDialog({ title, action, pendingLabel, children, onConfirm, onDone, onClose }: ConfirmDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [pending, setPending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function confirm() {
    setPending(true);
    setProblem(null);
    const message = await onConfirm();
    setPending(false);
    setProblem(message);
    if (message !== null) return;
    dialog.current?.close();
    onDone?.();
  }

  return (
    <Dialog
      dialogRef={dialog}
      role="alertdialog"
      title={title}
      description={children}
      isBusy={pending}
      onClose={onClose}
    >
      <Notice tone="refusal">{problem}</Notice>
      <div className="mt-6 flex flex-wrap gap-3 sm:justify-end">
        <Button onClick={() => !pending && dialog.current?.close()} className="grow sm:grow-0">
          Cancel
        </Button>
        <Button
          variant="danger"
          pending={pending}
          pendingLabel={pendingLabel}
          onClick={confirm}
          className="grow sm:grow-0"
        >
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
