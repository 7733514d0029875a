"use client";

import Globe from "lucide-react/icons/globe";
import Monitor from "lucide-react/icons/monitor";
import Smartphone from "lucide-react/icons/smartphone";
import Tablet from "lucide-react/icons/tablet";
import Terminal from "lucide-react/icons/terminal";
import Tv from "lucide-react/icons/tv";
import type { ReactNode } from "react";
import type { RouterOutputs } from "@/app/auth/trpc-client";
import { LogoutButton } from "@/app/(member)/logout-button";
import { RelativeTime, DateTime } from "@/app/ui/date-time";
import { ReportUnknownDevice, RevokeDevice } from "./revoke-buttons";

const ICONS: Record<string, typeof Globe> = {
  desktop: Monitor,
  mobile: Smartphone,
  tablet: Tablet,
  tv: Tv,
  bot: Terminal,
};

type Session = RouterOutputs["sessions"]["list"][number];

interface DeviceRowProps {
  session: Session;
  onRevoked: (message: string) => void;
}

export function DeviceRow({ session, onRevoked }: DeviceRowProps) {
  const { device, current, ip, createdAt, lastSeenAt, recoveredAt } = session;
  const name = `${device.browser} on ${device.os}`;

  return (
    <li className="grid grid-cols-[3rem_minmax(0,1fr)] items-start gap-x-4 gap-y-4 border-t border-line py-6 sm:grid-cols-[3rem_minmax(0,1fr)_auto] sm:gap-x-6">
      <span
        data-current={current}
        className="grid size-12 place-items-center rounded-plate bg-wash text-accent data-[current=true]:bg-accent data-[current=true]:text-on-accent"
      >
        <DeviceIcon type={device.type} />
      </span>
      <div className="min-w-0">
        <h2 className="flex flex-wrap items-center gap-x-3 gap-y-1 text-lg font-semibold wrap-anywhere">
          {name}
          {current && (
            <span className="rounded-plate bg-wash px-2 py-0.5 text-sm font-semibold text-accent">This device</span>
          )}
        </h2>
        <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-quiet sm:flex sm:flex-wrap sm:gap-x-8">
          <Detail term="IP address">{ip}</Detail>
          <Detail term="Last seen">
            <RelativeTime at={lastSeenAt} />
          </Detail>
          <Detail term="First seen">
            <DateTime at={createdAt} />
          </Detail>
        </dl>
      </div>
      <div className="col-start-2 sm:col-start-3 sm:self-center">
        {current ? <LogoutButton /> : <RevokeDevice id={session.id} name={name} onRevoked={onRevoked} />}
      </div>
      {recoveredAt !== undefined && (
        <div className="col-start-2 flex flex-col items-start gap-3 rounded-plate border-l-4 border-danger bg-raised px-4 py-3 sm:col-end-4 sm:flex-row sm:items-center sm:justify-between sm:gap-8">
          <p className="max-w-prose">
            An outdated key of this session was used <RelativeTime at={recoveredAt} />. Usually this means that a
            response was lost. It can also mean that someone copied the cookies of the browser.
          </p>
          <ReportUnknownDevice about={name} />
        </div>
      )}
    </li>
  );
}

function Detail({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="contents sm:flex sm:flex-wrap sm:gap-x-2">
      <dt>{term}</dt>
      <dd className="figures font-medium wrap-anywhere text-ink">{children}</dd>
    </div>
  );
}

function DeviceIcon({ type }: { type: string }) {
  const Icon = ICONS[type] ?? Globe;
  return <Icon className="size-6" strokeWidth={1.6} aria-hidden="true" />;
}
