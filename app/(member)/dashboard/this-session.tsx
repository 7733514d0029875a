"use client";

import { useAuth } from "@/app/auth/auth-provider";
import { formatDuration } from "@/app/ui/duration";
import { DescriptionItem, DescriptionList } from "@/app/ui/description-list";
import { describeRelativeTime, DateTime } from "@/app/ui/date-time";
import { useNow } from "@/app/ui/use-now";

interface ThisSessionProps {
  device: string;
  signedInAt: string;
  endsAt: string;
  idleSeconds: number;
}

export function ThisSession({ device, signedInAt, endsAt, idleSeconds }: ThisSessionProps) {
  const { session } = useAuth();
  return (
    <DescriptionList>
      <DescriptionItem term="Device">{device}</DescriptionItem>
      <DescriptionItem term="Signed in">
        <DateTime at={signedInAt} />
      </DescriptionItem>
      <DescriptionItem term="Next renewal">{session && <Renewal at={session.refreshAt} />}</DescriptionItem>
      <DescriptionItem term="Ends">after {formatDuration(idleSeconds)} of inactivity</DescriptionItem>
      <DescriptionItem term="At the latest">
        <DateTime at={endsAt} />
      </DescriptionItem>
    </DescriptionList>
  );
}

/** The first request after this time renews the session; there is no timer. */
function Renewal({ at }: { at: string }) {
  const now = useNow();
  const dueAt = Date.parse(at);
  return now === null || dueAt <= now
    ? "at your next click"
    : `${describeRelativeTime(dueAt, now)}, at your first click after that`;
}
