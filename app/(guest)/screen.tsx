"use client";

import { useEffect, useRef, type ReactNode } from "react";

/** Moves the focus to its heading, so that a screen reader reads each step. */
export function Screen({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [title]);
  return (
    <>
      <h1 ref={heading} tabIndex={-1} className="plate text-4xl outline-none">
        {title}
      </h1>
      {text && <p className="mt-3 text-lg text-quiet">{text}</p>}
      <div className="mt-8 flex flex-col gap-6">{children}</div>
    </>
  );
}
