"use client";

import { describeFailure } from "@/app/auth/failure";
import { trpc } from "@/app/auth/trpc-client";
import { ConfirmButton } from "@/app/ui/confirm-button";

interface RevokeOthersProps {
  count: number;
  onRevoked: (message: string) => void;
}

export function RevokeOthers({ count, onRevoked }: RevokeOthersProps) {
  const calls = trpc.useUtils();
  const revokeOthers = trpc.sessions.revokeOthers.useMutation();

  async function confirm(): Promise<string | null> {
    try {
      await revokeOthers.mutateAsync();
      return null;
    } catch (error) {
      return describeFailure(error).message;
    }
  }

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
      onConfirm={confirm}
      onDone={forget}
    >
      Everything but this device loses access at once. You stay signed in here.
    </ConfirmButton>
  );
}
