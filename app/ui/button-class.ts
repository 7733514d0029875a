const VARIANTS = {
  solid: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border border-edge bg-raised text-ink hover:border-ink",
  danger: "border border-danger bg-raised text-danger hover:bg-danger hover:text-raised",
  quiet: "text-accent underline decoration-1 underline-offset-4 hover:text-accent-strong hover:decoration-2",
};

export type ButtonVariant = keyof typeof VARIANTS;

export function buttonClass(variant: ButtonVariant): string {
  return `inline-flex min-h-11 items-center justify-center gap-2 rounded-plate px-5 py-2 text-center leading-tight font-semibold transition-colors ${VARIANTS[variant]}`;
}
