"use client";

import { describeFailure } from "@/app/auth/failure";
import { trpc } from "@/app/auth/trpc-client";

/** Signs out every device but this one; answers what went wrong, or null. */
export function useRevokeOthers(): () => Promise<string | null> {
  const revokeOthers = trpc.sessions.revokeOthers.useMutation();
  return async () => {
    try {
      await revokeOthers.mutateAsync();
      return null;
    } catch (error) {
      return describeFailure(error).message;
    }
  };
}
