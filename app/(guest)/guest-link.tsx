"use client";

import { type ReactNode, useSyncExternalStore } from "react";

/** A link to the other form. It takes the fragment of the present address along, which the server never sees. */
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
