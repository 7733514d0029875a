"use client";

import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { HEALTH_LIVE } from "@/server/auth/policy/routes";

const INTERVAL_MS = 2_000;

/** Shows new mails while the page is visible. */
export function LiveRefresh() {
  const router = useRouter();
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void refreshIfReachable();
    }, INTERVAL_MS);
    return () => clearInterval(timer);

    // While the app restarts, a refresh would replace the page by the browser's error page.
    async function refreshIfReachable() {
      const isReachable = await fetch(HEALTH_LIVE).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReachable) router.refresh();
    }
  }, [router]);
  return null;
}
