"use client";

import { type ReactNode, useSyncExternalStore } from "react";

/** A link to the other form that keeps the fragment, which the server does not see. */
export function GuestLink({ href, children }: { href: string; children: ReactNode }) {
  const fragment = useSyncExternalStore(onFragmentChange, readFragment, () => "");
  return (
    <a className="link" href={href + fragment}>
      {children}
    </a>
  );
}

function onFragmentChange(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

function readFragment(): string {
  return location.hash;
}
