import type { ComponentProps } from "react";

interface CheckboxProps extends Omit<ComponentProps<"input">, "type" | "id"> {
  name: string;
  label: string;
}

export function Checkbox({ label, ...input }: CheckboxProps) {
  return (
    <label className="flex min-h-11 cursor-pointer items-center gap-3">
      <input {...input} type="checkbox" className="size-5 flex-none accent-accent" />
      <span>{label}</span>
    </label>
  );
}
