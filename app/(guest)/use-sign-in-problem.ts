"use client";

import { useEffect, useState } from "react";
import { CookiesNotKept, describeFailure, wrongAddress } from "@/app/auth/failure";
import { keepsCookies, lostCookiesAfterLogin } from "@/app/auth/open-session";
import type { Problem } from "@/app/ui/use-form";

/** Why signing in cannot work on this page whatever is typed, as far as the browser can tell before the first try. */
export function useSignInProblem(appOrigin: string): Problem | null {
  const [obstacle, setObstacle] = useState<Problem | null>(null);
  useEffect(() => {
    void findObstacle(appOrigin).then(setObstacle);
  }, [appOrigin]);
  return obstacle;
}

async function findObstacle(appOrigin: string): Promise<Problem | null> {
  // First: cookies may be missing just because of it.
  const elsewhere = wrongAddress(appOrigin);
  if (elsewhere !== null) return elsewhere;
  const cookiesAreLost = !keepsCookies() || (await lostCookiesAfterLogin());
  return cookiesAreLost ? describeFailure(new CookiesNotKept()) : null;
}
