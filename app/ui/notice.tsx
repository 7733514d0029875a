import type { ReactNode } from "react";

const TONES = {
  refusal: "border-danger bg-danger-wash",
  success: "border-accent bg-wash",
};

/**
 * A live region for the result of an action. Always rendered, because screen readers announce changes only in regions that already
 * exist; absolutely positioned while empty, so that it adds no gap.
 */
export function Notice({ tone, children }: { tone: keyof typeof TONES; children: ReactNode }) {
  return (
    <div role={tone === "refusal" ? "alert" : "status"} className="empty:absolute">
      {children ? (
        <div className={`rounded-plate border-l-4 px-4 py-3 font-medium ${TONES[tone]}`}>{children}</div>
      ) : null}
    </div>
  );
}
