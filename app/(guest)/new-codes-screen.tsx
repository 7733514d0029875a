"use client";

import { useState } from "react";
import { Screen } from "@/app/(guest)/screen";
import { RecoveryCodeSheet } from "@/app/auth/recovery-code-sheet";
import { Button } from "@/app/ui/button";

interface NewCodes {
  codes: string[];
  /** Of the account. */
  email: string;
  onSaved: () => void;
}

/** For a sign-in that may return recovery codes: shows them once, and goes on when the user continues. */
export function useNewCodes() {
  const [newCodes, setNewCodes] = useState<NewCodes | null>(null);
  const saveCodes = (codes: string[], { email }: { email: string }) =>
    new Promise<void>((onSaved) => setNewCodes({ codes, email, onSaved }));
  return { newCodes, saveCodes };
}

export function NewCodesScreen({ title, text, email, codes, onSaved }: NewCodes & { title: string; text: string }) {
  return (
    <Screen title={title} text={text}>
      <RecoveryCodeSheet email={email} codes={codes} />
      <Button variant="solid" onClick={onSaved}>
        I have saved them, continue
      </Button>
    </Screen>
  );
}
