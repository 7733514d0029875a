"use client";

import { useEffect, useState } from "react";
import { CookiesNotKept, describeFailure, describeWrongOrigin } from "@/app/auth/failure";
import { acceptsCookies, lostCookiesAfterLogin } from "@/app/auth/open-session";
import type { Problem } from "@/app/ui/use-form";

/** Why signing in cannot work on this page whatever is typed, as far as the browser can tell before the first try. */
export function useSignInProblem(appOrigin: string): Problem | null {
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    void findSignInProblem(appOrigin).then(setProblem);
  }, [appOrigin]);
  return problem;
}

async function findSignInProblem(appOrigin: string): Promise<Problem | null> {
  // First: cookies may be missing just because of it.
  const wrongOrigin = describeWrongOrigin(appOrigin);
  if (wrongOrigin !== null) return wrongOrigin;
  const cookiesAreLost = !acceptsCookies() || (await lostCookiesAfterLogin());
  return cookiesAreLost ? describeFailure(new CookiesNotKept()) : null;
}
