"use client";

import { describeFailure } from "@/app/auth/failure";
import { trpc } from "@/app/auth/trpc-client";
import { ConfirmButton } from "@/app/ui/confirm-button";
import { SECURITY } from "@/server/auth/policy/routes";

type OnRevoked = (message: string) => void;

/** Signs out one device. */
export function RevokeDevice({ id, name, onRevoked }: { id: string; name: string; onRevoked: OnRevoked }) {
  const utils = trpc.useUtils();
  const revoke = trpc.sessions.revoke.useMutation();

  function removeFromList() {
    utils.sessions.list.setData(undefined, (sessions) => sessions?.filter((session) => session.id !== id));
    void utils.sessions.list.invalidate();
    onRevoked(`${name} is signed out.`);
  }

  return (
    <ConfirmButton
      label="Sign out"
      accessibleName={`Sign out ${name}`}
      title={`Sign out ${name}?`}
      action="Sign out device"
      pendingLabel="Signing out…"
      onConfirm={() => messageOnFailure(revoke.mutateAsync({ id }))}
      onDone={removeFromList}
    >
      The device loses access at once. Signing in on it again requires your password.
    </ConfirmButton>
  );
}

/** Signs out every other device. */
export function RevokeOthers({ count, onRevoked }: { count: number; onRevoked: OnRevoked }) {
  const utils = trpc.useUtils();
  const revokeOthers = trpc.sessions.revokeOthers.useMutation();

  function removeFromList() {
    utils.sessions.list.setData(undefined, (sessions) => sessions?.filter((session) => session.current));
    void utils.sessions.list.invalidate();
    onRevoked("All other devices are signed out.");
  }

  return (
    <ConfirmButton
      label="Sign out all others"
      variant="danger"
      title={count === 1 ? "Sign out the other device?" : `Sign out ${count} other devices?`}
      action="Sign out all others"
      pendingLabel="Signing out…"
      onConfirm={() => messageOnFailure(revokeOthers.mutateAsync())}
      onDone={removeFromList}
    >
      Every device except this one loses access at once. You stay signed in here.
    </ConfirmButton>
  );
}

/** Signs out every other device, then opens the password form, because an unknown device may mean a known password. */
export function ReportUnknownDevice({ about }: { about: string }) {
  const revokeOthers = trpc.sessions.revokeOthers.useMutation();

  return (
    <ConfirmButton
      label="This wasn’t me"
      accessibleName={`This wasn’t me: ${about}`}
      variant="danger"
      title="Sign out all other devices?"
      action="Sign out and change password"
      pendingLabel="Signing out…"
      onConfirm={() => messageOnFailure(revokeOthers.mutateAsync())}
      onDone={() => location.assign(`${SECURITY}#password`)}
    >
      Every device except this one loses access at once. Then choose a new password: someone who signed in without you
      may know the current one.
    </ConfirmButton>
  );
}

async function messageOnFailure(call: Promise<unknown>): Promise<string | null> {
  try {
    await call;
    return null;
  } catch (error) {
    return describeFailure(error).message;
  }
}
