"use client";

import { type ReactNode, type RefObject, useEffect, useId } from "react";

interface DialogProps {
  dialogRef: RefObject<HTMLDialogElement | null>;
  role?: "alertdialog";
  title: string;
  description: ReactNode;
  /** While true, Escape does not close the dialog. */
  isBusy: boolean;
  onClose: () => void;
  children: ReactNode;
}

/**
 * A native modal dialog, open from the start. It traps the focus. To close it, call `close()` on its element before it is removed:
 * only that restores the focus to where it was.
 */
export function Dialog({ dialogRef, role, title, description, isBusy, onClose, children }: DialogProps) {
  const id = useId();

  useEffect(() => dialogRef.current?.showModal(), [dialogRef]);

  return (
    <dialog
      ref={dialogRef}
      role={role}
      aria-labelledby={`${id}-title`}
      aria-describedby={`${id}-text`}
      onClose={onClose}
      onCancel={(event) => isBusy && event.preventDefault()}
      // Chromium closes a dialog at a second Escape without a cancel event.
      onKeyDown={(event) => isBusy && event.key === "Escape" && event.preventDefault()}
      className="m-auto w-[min(28rem,calc(100vw-2.5rem))] rounded-plate border border-line bg-raised p-6 text-ink shadow-2xl backdrop:bg-iron/60 sm:p-8"
    >
      <h2 id={`${id}-title`} className="plate text-xl">
        {title}
      </h2>
      <div id={`${id}-text`} className="mt-3 mb-6 text-quiet">
        {description}
      </div>
      {children}
    </dialog>
  );
}
