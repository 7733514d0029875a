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
      <div className="absolute top-full right-0 z-10 mt-2 w-72 max-w-[80vw]">
        <Notice tone="refusal">{problem && `You are still signed in. ${problem}`}</Notice>
      </div>
    </div>
  );
}
