import type { ReactNode } from "react";

const TONES = {
  refusal: "border-danger bg-danger-wash",
  success: "border-accent bg-wash",
};

/**
 * Says how a form fared. The region is always there, because screen readers only announce what changes inside one
 * they already know. Empty it takes no room, nor a gap between its neighbours.
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
