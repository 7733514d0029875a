"use client";

import type { ComponentProps } from "react";
import { buttonClass, type ButtonVariant } from "./button-class";
import { useHydrated } from "./use-hydrated";

interface ButtonProps extends ComponentProps<"button"> {
  variant?: ButtonVariant;
  /** The label while pending. The button then keeps the focus and ignores clicks. */
  pendingLabel?: string;
  pending?: boolean;
}

/** Disabled until hydration: a click before that would be lost, and a form would be submitted by the browser, password included. */
export function Button({
  variant = "plain",
  pending,
  pendingLabel,
  type = "button",
  disabled,
  className = "",
  ...rest
}: ButtonProps) {
  const isHydrated = useHydrated();
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled || !isHydrated}
      aria-disabled={pending || undefined}
      onClick={pending ? (event) => event.preventDefault() : rest.onClick}
      className={`${buttonClass(variant)} aria-disabled:cursor-progress ${className}`}
    >
      {pending ? (pendingLabel ?? rest.children) : rest.children}
    </button>
  );
}
