import type { ComponentProps, ReactNode } from "react";

export const INPUT_CLASS =
  "block min-h-12 w-full rounded-plate border border-edge bg-raised px-3.5 py-2 text-base text-ink " +
  "focus:border-accent focus:outline-2 focus:outline-offset-0 focus:outline-accent " +
  "aria-invalid:border-danger aria-invalid:focus:outline-danger";

interface FieldProps extends Omit<ComponentProps<"input">, "children" | "id"> {
  name: string;
  label: string;
  error?: string;
  hint?: ReactNode;
}

export function Field({ label, error, hint, ...input }: FieldProps) {
  return (
    <FieldFrame name={input.name} label={label} error={error} hint={hint}>
      <input {...input} {...describeField(input.name, error, hint)} className={INPUT_CLASS} />
    </FieldFrame>
  );
}

/** Connects the input to its error and hint. Ids are field names, so field names must be unique on a page. */
export function describeField(name: string, error?: string, hint?: ReactNode) {
  const describedBy = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(" ");
  return { id: name, "aria-invalid": error ? true : undefined, "aria-describedby": describedBy || undefined };
}

interface FieldFrameProps {
  name: string;
  label: string;
  error?: string;
  hint?: ReactNode;
  children: ReactNode;
}

export function FieldFrame({ name, label, error, hint, children }: FieldFrameProps) {
  return (
    <div>
      <label htmlFor={name} className="mb-1.5 block font-semibold">
        {label}
      </label>
      {children}
      {error && (
        <p id={`${name}-error`} className="mt-1.5 font-medium text-danger">
          {error}
        </p>
      )}
      {hint && (
        <div id={`${name}-hint`} className="mt-1.5 text-sm text-quiet">
          {hint}
        </div>
      )}
    </div>
  );
}
