"use client";

import { describeFailure } from "@/app/auth/failure";
import { trpc } from "@/app/auth/trpc-client";
import { ConfirmButton } from "@/app/ui/confirm-button";

interface RevokeDeviceProps {
  id: string;
  name: string;
  onRevoked: (message: string) => void;
}

export function RevokeDevice({ id, name, onRevoked }: RevokeDeviceProps) {
  const calls = trpc.useUtils();
  const revoke = trpc.sessions.revoke.useMutation();

  async function confirm(): Promise<string | null> {
    try {
      await revoke.mutateAsync({ id });
      return null;
    } catch (error) {
      return describeFailure(error).message;
    }
  }

  function forget() {
    calls.sessions.list.setData(undefined, (sessions) => sessions?.filter((session) => session.id !== id));
    void calls.sessions.list.invalidate();
    onRevoked(`${name} is signed out.`);
  }

  return (
    <ConfirmButton
      label="Sign out"
      accessibleName={`Sign out ${name}`}
      title={`Sign out ${name}?`}
      action="Sign it out"
      pendingLabel="Signing out…"
      onConfirm={confirm}
      onDone={forget}
    >
      It loses access at once. Whoever uses it needs your password to come back.
    </ConfirmButton>
  );
}
