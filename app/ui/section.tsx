import type { ReactNode } from "react";

interface SectionProps {
  /** Target of fragment links. */
  id?: string;
  title: string;
  /** Shown below the title. */
  description?: ReactNode;
  children: ReactNode;
}

/** A section of a page: title and description on the left, content on the right. */
export function Section({ id, title, description, children }: SectionProps) {
  return (
    <section id={id} className="grid gap-x-12 gap-y-5 border-t border-line py-9 lg:grid-cols-[17rem_minmax(0,1fr)]">
      <div>
        <h2 className="plate text-xl">{title}</h2>
        {description && <div className="mt-2 max-w-prose text-quiet">{description}</div>}
      </div>
      <div className="min-w-0">{children}</div>
    </section>
  );
}
