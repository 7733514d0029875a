"use client";

import type { ReactNode } from "react";
import { Gate, type GatePosition } from "./gate";
import { Logo } from "./logo";

/**
 * The layout of pages that need no session: picture beside content. A client component, because the server would send its markup
 * again with every not-found boundary of a page.
 */
export function AuthLayout({ gate, children }: { gate: GatePosition; children: ReactNode }) {
  return (
    <div className="grid min-h-dvh grid-rows-[auto_1fr] lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)] lg:grid-rows-none">
      <Gate position={gate} className="h-32 sm:h-40 lg:sticky lg:top-0 lg:h-dvh" />
      <div className="mx-auto flex w-full max-w-lg flex-col px-5 sm:px-8 lg:mx-0 lg:max-w-none lg:px-[clamp(3rem,8vw,8rem)]">
        <header className="pt-5 lg:pt-8">
          <a href="/" className="inline-flex min-h-11 items-center">
            <Logo />
          </a>
        </header>
        <main className="flex w-full max-w-md flex-1 flex-col pt-6 pb-16 lg:pt-[clamp(1rem,12vh,9rem)]">
          {children}
        </main>
      </div>
    </div>
  );
}
