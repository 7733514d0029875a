"use client";

import { useState } from "react";
import { useAuth } from "@/app/auth/auth-provider";
import { Button } from "@/app/ui/button";
import { Notice } from "@/app/ui/notice";

export function LogoutButton() {
  const { logout, status } = useAuth();
  const [problem, setProblem] = useState<string | null>(null);

  async function onClick() {
    setProblem(null);
    const outcome = await logout();
    if (outcome.kind === "refused") setProblem(outcome.message);
  }

  return (
    <div className="relative">
      <Button pending={status === "working"} pendingLabel="Signing out…" onClick={() => void onClick()}>
        Sign out
      </Button>
      {/* At the bottom of a phone, where it covers neither the navigation nor the heading. */}
      <div className="z-10 max-lg:fixed max-lg:inset-x-5 max-lg:bottom-5 lg:absolute lg:top-full lg:right-0 lg:mt-2 lg:w-72">
        <Notice tone="refusal">{problem && `You are still signed in. ${problem}`}</Notice>
      </div>
    </div>
  );
}
