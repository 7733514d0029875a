"use client";

import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Button } from "./button";
import type { ButtonVariant } from "./button-class";
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

/** A button with a confirmation. The native modal dialog traps the focus and restores it on close. */
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
  const id = useId();

  useEffect(() => dialog.current?.showModal(), []);

  async function confirm() {
    setPending(true);
    setProblem(null);
    const message = await onConfirm();
    setPending(false);
    setProblem(message);
    if (message !== null) return;
    // close() restores the focus to the button; unmounting alone would not.
    dialog.current?.close();
    onDone?.();
  }

  return (
    <dialog
      ref={dialog}
      role="alertdialog"
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onClose={onClose}
      onCancel={(event) => pending && event.preventDefault()}
      className="m-auto w-[min(28rem,calc(100vw-2.5rem))] rounded-plate border border-line bg-raised p-6 text-ink shadow-2xl backdrop:bg-iron/60 sm:p-8"
    >
      <h2 id={`${id}-title`} className="plate text-xl">
        {title}
      </h2>
      <div id={`${id}-text`} className="mt-3 mb-6 text-quiet">
        {children}
      </div>
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
    </dialog>
  );
}
