"use client";

import { useEffect, useState } from "react";
import { completePendingLogouts, pendingLogouts } from "@/app/auth/pending-logout";
import { Notice } from "@/app/ui/notice";

const TEXTS = {
  none: null,
  waiting:
    "You are signed out in this browser. The database is unavailable, so your session has not ended on the server yet. This page retries by itself: you do not need to do anything.",
  finished: "You are signed out, and your session has ended on the server too.",
};

/** The state of a logout that is pending in the database. Placed last, so that it moves no other element. */
export function PendingLogoutNotice() {
  const [state, setState] = useState<keyof typeof TEXTS>("none");

  useEffect(() => {
    if (pendingLogouts().length === 0) return;
    const unmounted = new AbortController();
    const show = (next: typeof state) => {
      if (!unmounted.signal.aborted) setState(next);
    };
    void completePendingLogouts(unmounted.signal, () => show("waiting")).then(() => show("finished"));
    return () => unmounted.abort();
  }, []);

  return (
    <div className={state === "none" ? "" : "mt-6"}>
      <Notice tone="success">{TEXTS[state]}</Notice>
    </div>
  );
}
