"use client";

import { useEffect } from "react";
import { authClient } from "@/app/auth/auth-client";
import { CodeForm } from "@/app/(guest)/confirm/code-form";
import { ResendButton } from "./resend-button";

interface VerifyEmailPanelProps {
  email: string;
  /** Issues a new token, which states that the email is verified, and leads to the page that was asked for. */
  continueTo: string;
  passwordMinLength: number;
}

export function VerifyEmailPanel({ email, continueTo, passwordMinLength }: VerifyEmailPanelProps) {
  useContinueWhenVerified(continueTo);
  return (
    <div className="mt-8 flex flex-col gap-8">
      <CodeForm email={email} passwordMinLength={passwordMinLength} onDone={() => location.replace(continueTo)} />
      <ResendButton />
    </div>
  );
}

/** The link may be opened in another tab or on another device: this page looks again whenever it comes to the front. */
function useContinueWhenVerified(continueTo: string): void {
  useEffect(() => {
    const check = async () => {
      if (document.visibilityState !== "visible") return;
      // A failure changes nothing: the page stays usable, and the next visit checks again.
      const profile = await authClient.users.me.query().catch(() => null);
      if (profile?.emailVerified) location.replace(continueTo);
    };
    document.addEventListener("visibilitychange", check);
    addEventListener("focus", check);
    return () => {
      document.removeEventListener("visibilitychange", check);
      removeEventListener("focus", check);
    };
  }, [continueTo]);
}
