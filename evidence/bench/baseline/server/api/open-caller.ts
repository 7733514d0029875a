import "server-only";
import type { Caller } from "@/server/auth/policy/credentials";

/** The caller of all requests to the baseline, with values of the same length as those of a seeded user. */
export const FIXED_CALLER: Caller = {
  user: {
    id: "00000000-0000-7000-8000-000000000000",
    email: "bench-0000000@example.test",
    fullName: "Ada Moat",
    role: "user",
  },
  session: {
    id: "00000000-0000-7000-8000-000000000000",
    expiresAt: "2026-01-01T00:00:00.000Z",
    refreshAt: "2026-01-01T00:00:00.000Z",
  },
  authenticatedAt: new Date(0),
  authenticationMethods: ["pwd"],
  isEmailVerified: true,
  mustVerifyEmail: false,
};

/** Replaces `server/auth/gate/require-caller.ts` in the public copies of the pages. */
export async function requireCaller(): Promise<Caller> {
  return FIXED_CALLER;
}
