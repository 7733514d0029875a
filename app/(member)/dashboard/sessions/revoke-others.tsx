"use client";

import { trpc } from "@/app/auth/trpc-client";
import { ConfirmButton } from "@/app/ui/confirm-button";
import { useRevokeOthers } from "./use-revoke-others";

interface RevokeOthersProps {
  count: number;
  onRevoked: (message: string) => void;
}

export function RevokeOthers({ count, onRevoked }: RevokeOthersProps) {
  const calls = trpc.useUtils();
  const revokeOthers = useRevokeOthers();

  function forget() {
    calls.sessions.list.setData(undefined, (sessions) => sessions?.filter((session) => session.current));
    void calls.sessions.list.invalidate();
    onRevoked("All other devices are signed out.");
  }

  return (
    <ConfirmButton
      label="Sign out all others"
      look="danger"
      title={count === 1 ? "Sign out the other device?" : `Sign out ${count} other devices?`}
      action="Sign out all others"
      pendingLabel="Signing out…"
      onConfirm={revokeOthers}
      onDone={forget}
    >
      Everything but this device loses access at once. You stay signed in here.
    </ConfirmButton>
  );
}
