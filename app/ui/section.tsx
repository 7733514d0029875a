import type { ReactNode } from "react";

interface SectionProps {
  /** Where links lead to. */
  id?: string;
  title: string;
  /** One or two sentences below the title. */
  description?: ReactNode;
  children: ReactNode;
}

/** A ruled entry of a page: what it is about on the left, the thing itself on the right. */
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
