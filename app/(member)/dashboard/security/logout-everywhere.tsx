"use client";

import { useAuth } from "@/app/auth/auth-provider";
import { ConfirmButton } from "@/app/ui/confirm-button";

export function LogoutEverywhere() {
  const { logoutEverywhere } = useAuth();

  async function confirm(): Promise<string | null> {
    const outcome = await logoutEverywhere();
    return outcome.kind === "done" ? null : outcome.message;
  }

  return (
    <ConfirmButton
      label="Sign out everywhere"
      variant="danger"
      title="Sign out everywhere?"
      action="Sign out everywhere"
      pendingLabel="Signing out…"
      onConfirm={confirm}
    >
      Every device loses access at once, including this one. Your account and your password do not change.
    </ConfirmButton>
  );
}
