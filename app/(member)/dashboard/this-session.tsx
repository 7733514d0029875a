"use client";

import { useAuth } from "@/app/auth/use-auth";
import { inWords } from "@/app/ui/duration";
import { Fact, Facts } from "@/app/ui/facts";
import { describeDistance, Moment } from "@/app/ui/moment";
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
    <Facts>
      <Fact term="Device">{device}</Fact>
      <Fact term="Signed in">
        <Moment at={signedInAt} />
      </Fact>
      <Fact term="Renews itself">{session && <Renewal at={session.refreshAt} />}</Fact>
      <Fact term="Ends">after {inWords(idleSeconds)} without a visit</Fact>
      <Fact term="At the latest">
        <Moment at={endsAt} />
      </Fact>
    </Facts>
  );
}

/** No timer renews a session: the first request after this moment does. */
function Renewal({ at }: { at: string }) {
  const now = useNow();
  const dueAt = Date.parse(at);
  return now === null || dueAt <= now
    ? "at your next click"
    : `${describeDistance(dueAt, now)}, at your first click after that`;
}
