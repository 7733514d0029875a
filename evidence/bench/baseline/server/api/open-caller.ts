import "server-only";
import type { Caller } from "@/server/auth/policy/credentials";

/** Who the twins believe to be asking, whoever asks: as long, letter for letter, as the person who is signed in. */
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
};

/** Stands in for `server/auth/gate/require-caller.ts` in the pages that are left open. */
export async function requireCaller(): Promise<Caller> {
  return FIXED_CALLER;
}
