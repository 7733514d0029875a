"use client";

import { authClient } from "@/app/auth/auth-client";
import { useAuth } from "@/app/auth/auth-provider";
import { describeFailure } from "@/app/auth/failure";
import { signalAcceptedPasskeys } from "@/app/auth/passkey-signals";
import { trpc } from "@/app/auth/trpc-client";
import { ConfirmButton } from "@/app/ui/confirm-button";
import type { SignedInUser } from "@/server/auth/policy/credentials";
import type { Passkey } from "./passkey-row";

interface RemovePasskeyProps {
  passkey: Passkey;
  onRemoved: (message: string) => void;
}

export function RemovePasskey({ passkey: { id, name }, onRemoved }: RemovePasskeyProps) {
  const { user } = useAuth();
  const utils = trpc.useUtils();
  const remove = trpc.passkeys.remove.useMutation();

  async function confirm(): Promise<string | null> {
    try {
      await remove.mutateAsync({ id });
      void hideRemovedPasskeys(user!);
      await utils.factors.list.invalidate();
      return null;
    } catch (error) {
      return describeFailure(error).message;
    }
  }

  return (
    <ConfirmButton
      label="Remove"
      accessibleName={`Remove ${name}`}
      variant="danger"
      title={`Remove ${name}?`}
      action="Remove passkey"
      pendingLabel="Removing…"
      onConfirm={confirm}
      onDone={() => onRemoved(`${name} was removed.`)}
    >
      You can no longer sign in with this passkey. Your device or password manager may keep offering it until you delete
      it there, too.
    </ConfirmButton>
  );
}

/** The options of a request name the passkeys that are left. */
async function hideRemovedPasskeys(user: SignedInUser): Promise<void> {
  const options = await authClient.auth.beginPasskeyAssertion.mutate().catch(() => null);
  if (options === null) return;
  await signalAcceptedPasskeys(
    user,
    (options.allowCredentials ?? []).map(({ id }) => id),
  );
}
