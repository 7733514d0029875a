"use client";

import { useEffect, useState } from "react";
import { CookiesNotKept, describeFailure } from "@/app/auth/failure";
import { keepsCookies, lostCookiesAfterLogin } from "@/app/auth/open-session";
import type { Problem } from "@/app/ui/use-form";

/** Why signing in cannot work on this page whatever is typed, as far as the browser can tell before the first try. */
export function useObstacle(): Problem | null {
  const [obstacle, setObstacle] = useState<Problem | null>(null);
  useEffect(() => {
    void findObstacle().then(setObstacle);
  }, []);
  return obstacle;
}

async function findObstacle(): Promise<Problem | null> {
  const cookiesAreLost = !keepsCookies() || (await lostCookiesAfterLogin());
  return cookiesAreLost ? describeFailure(new CookiesNotKept()) : null;
}
