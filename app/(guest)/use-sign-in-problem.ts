"use client";

import { useEffect, useState } from "react";
import { CookiesNotKept, describeFailure, describeWrongOrigin } from "@/app/auth/failure";
import { acceptsCookies, lostCookiesAfterLogin } from "@/app/auth/open-session";
import type { Problem } from "@/app/ui/use-form";

/** A reason why no sign-in can succeed on this page, detected before the first attempt. */
export function useSignInProblem(appOrigin: string): Problem | null {
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    void findSignInProblem(appOrigin).then(setProblem);
  }, [appOrigin]);
  return problem;
}

async function findSignInProblem(appOrigin: string): Promise<Problem | null> {
  // First, because a wrong origin may be the cause of missing cookies.
  const wrongOrigin = describeWrongOrigin(appOrigin);
  if (wrongOrigin !== null) return wrongOrigin;
  const cookiesAreLost = !acceptsCookies() || (await lostCookiesAfterLogin());
  return cookiesAreLost ? describeFailure(new CookiesNotKept()) : null;
}
