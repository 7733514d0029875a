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

/** What became of a logout that the database could not be told of. Goes last: there it pushes nothing aside. */
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
