import type { ReactNode } from "react";
import { Gate, type GatePosition } from "./gate";
import { Mark } from "./mark";

/** Everything outside the walls: the gate on one side, what there is to do on the other. */
export function Gatehouse({ gate, children }: { gate: GatePosition; children: ReactNode }) {
  return (
    <div className="grid min-h-dvh grid-rows-[auto_1fr] lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)] lg:grid-rows-none">
      <Gate position={gate} className="h-32 sm:h-40 lg:sticky lg:top-0 lg:h-dvh" />
      <div className="flex flex-col px-5 sm:px-10 lg:px-[clamp(3rem,8vw,8rem)]">
        <header className="pt-5 lg:pt-8">
          <a href="/" className="inline-flex min-h-11 items-center">
            <Mark />
          </a>
        </header>
        <main className="flex w-full max-w-md flex-1 flex-col pt-6 pb-16 lg:justify-center lg:pt-8 lg:pb-20">
          {children}
        </main>
      </div>
    </div>
  );
}
