"use client";

import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { describeField, FieldFrame, INPUT_CLASS } from "./field";
import { useHydrated } from "./use-hydrated";

interface PasswordFieldProps extends Omit<ComponentProps<"input">, "children" | "id" | "type"> {
  name: string;
  label: string;
  autoComplete: "current-password" | "new-password";
  error?: string;
  hint?: ReactNode;
}

export function PasswordField({ label, error, hint, ...input }: PasswordFieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const isHydrated = useHydrated();

  return (
    <FieldFrame id={id} label={label} error={error} hint={hint}>
      <div className="relative">
        <input
          {...input}
          {...describeField(id, error, hint)}
          type={shown ? "text" : "password"}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          className={`${INPUT_CLASS} pr-18`}
        />
        <button
          type="button"
          disabled={!isHydrated}
          aria-controls={id}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0 right-0 min-w-16 px-3.5 text-sm font-semibold text-accent hover:text-accent-strong focus-visible:-outline-offset-4"
        >
          {shown ? "Hide" : "Show"}
          <span className="sr-only"> {label.toLowerCase()}</span>
        </button>
      </div>
    </FieldFrame>
  );
}
