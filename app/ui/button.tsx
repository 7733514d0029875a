import type { ComponentProps } from "react";

const VARIANTS = {
  solid: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border border-edge bg-raised text-ink hover:border-ink",
  danger: "border border-danger bg-raised text-danger hover:bg-danger hover:text-raised",
};

export type ButtonVariant = keyof typeof VARIANTS;

export function buttonClass(variant: ButtonVariant): string {
  return `inline-flex min-h-11 items-center justify-center gap-2 rounded-plate px-5 py-2 text-center leading-tight font-semibold transition-colors ${VARIANTS[variant]}`;
}

interface ButtonProps extends ComponentProps<"button"> {
  variant?: ButtonVariant;
  /** The label while pending. The button then keeps the focus and ignores clicks. */
  pendingLabel?: string;
  pending?: boolean;
}

export function Button({
  variant = "plain",
  pending,
  pendingLabel,
  type = "button",
  className = "",
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-disabled={pending || undefined}
      onClick={pending ? (event) => event.preventDefault() : rest.onClick}
      className={`${buttonClass(variant)} aria-disabled:cursor-progress ${className}`}
    >
      {pending ? (pendingLabel ?? rest.children) : rest.children}
    </button>
  );
}
