"use client";

import { ConfirmButton } from "@/app/ui/confirm-button";
import { ACCOUNT } from "@/server/auth/policy/routes";
import { useRevokeOthers } from "./use-revoke-others";

/** For somebody who does not know a device: everything else is signed out first, then the password can be changed in peace. */
export function NotMe({ about }: { about: string }) {
  const revokeOthers = useRevokeOthers();

  return (
    <ConfirmButton
      label="This wasn’t me"
      accessibleName={`This wasn’t me: ${about}`}
      look="danger"
      title="Sign out everything else?"
      action="Sign out and change password"
      pendingLabel="Signing out…"
      onConfirm={revokeOthers}
      onDone={() => location.assign(`${ACCOUNT}#password`)}
    >
      Every device but this one loses access at once. Then choose a new password: whoever signed in without you may know
      the one you have.
    </ConfirmButton>
  );
}
