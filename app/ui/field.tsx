import { type ComponentProps, type ReactNode, useId } from "react";

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
  const id = useId();
  return (
    <FieldFrame id={id} label={label} error={error} hint={hint}>
      <input {...input} {...describeField(id, error, hint)} className={INPUT_CLASS} />
    </FieldFrame>
  );
}

/** Connects the input to its error and hint. The id is not the field's name: a dialog may have a field of the same name as the page. */
export function describeField(id: string, error?: string, hint?: ReactNode) {
  const describedBy = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return { id, "aria-invalid": error ? true : undefined, "aria-describedby": describedBy || undefined };
}

interface FieldFrameProps {
  id: string;
  label: string;
  error?: string;
  hint?: ReactNode;
  children: ReactNode;
}

export function FieldFrame({ id, label, error, hint, children }: FieldFrameProps) {
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block font-semibold">
        {label}
      </label>
      {children}
      {error && (
        <p id={`${id}-error`} className="mt-1.5 font-medium text-danger">
          {error}
        </p>
      )}
      {hint && (
        <div id={`${id}-hint`} className="mt-1.5 text-sm text-quiet">
          {hint}
        </div>
      )}
    </div>
  );
}
