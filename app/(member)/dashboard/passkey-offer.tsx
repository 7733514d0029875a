"use client";

import { useEffect, useState } from "react";
import { useAuth } from "@/app/auth/auth-provider";
import { withStorage } from "@/app/auth/tab-storage";
import { OPTIONAL_QUERY, trpc } from "@/app/auth/trpc-client";
import { Button } from "@/app/ui/button";
import { buttonClass } from "@/app/ui/button-class";
import { SECURITY } from "@/server/auth/policy/routes";

const DISMISSED_KEY = "portcullis-passkey-offer-dismissed";

/** For an account without a passkey, on a device that can keep one. Never again in this browser after it was dismissed. */
export function PasskeyOffer() {
  const { user } = useAuth();
  const [isPossible, setIsPossible] = useState(false);
  const { data } = trpc.factors.list.useQuery(undefined, { ...OPTIONAL_QUERY, enabled: isPossible });

  useEffect(() => {
    // Without storage the offer would return with every page.
    const dismissedBy = withStorage("localStorage", (storage) => storage.getItem(DISMISSED_KEY) ?? "");
    if (dismissedBy === undefined || dismissedBy.split(" ").includes(user!.id)) return;
    void hasPlatformAuthenticator().then(setIsPossible);
  }, [user]);

  function dismiss() {
    withStorage("localStorage", (storage) => {
      storage.setItem(DISMISSED_KEY, `${storage.getItem(DISMISSED_KEY) ?? ""} ${user!.id}`.trim());
    });
    setIsPossible(false);
  }

  if (!isPossible || data?.passkeys.length !== 0) return null;
  return (
    <section aria-label="Passkeys" className="mb-10 rounded-plate border border-line bg-raised p-5 sm:p-6">
      <h2 className="text-lg font-semibold">Sign in without a password</h2>
      <p className="mt-2 max-w-prose text-quiet">
        With a passkey you sign in by your fingerprint, your face or the screen lock of this device. It cannot be
        guessed, and it cannot be typed into a false site.
      </p>
      <div className="mt-5 flex flex-wrap gap-3">
        <a className={buttonClass("solid")} href={`${SECURITY}#passkeys`}>
          Add a passkey
        </a>
        <Button onClick={dismiss}>Not now</Button>
      </div>
    </section>
  );
}

/** Whether this device can keep a passkey and verify its user. */
async function hasPlatformAuthenticator(): Promise<boolean> {
  if (typeof PublicKeyCredential !== "function") return false;
  return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
}
