import "server-only";
import { z } from "zod";
import { env } from "@/server/runtime/env";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { numericDate, readSignedToken, signToken, type TokenKind } from "./signed-token";
import { tokenKeys } from "./signing-keys";

const END_TOKEN: TokenKind = { type: "end+jwt", requiredClaims: ["sids", "why"] };

const claims = z.object({
  sids: z.array(z.uuid()).max(2),
  why: z.enum(["logout", "logout everywhere", "cookies not kept"]),
  all: z.object({ sub: z.uuid(), before: z.int() }).optional(),
});

/** The sessions that an end token revokes: these and, with `all`, every session of a user that was opened before. */
export interface Revocations {
  sessionIds: string[];
  reason: z.infer<typeof claims>["why"];
  all?: { userId: string; before: Date };
}

/**
 * A token for our scripts in the browser that can only revoke these sessions. It works without a cookie, where cookies are
 * blocked or already cleared, and grants no access if it is stolen.
 */
export async function mintEndToken({ sessionIds, reason, all }: Revocations, now: Date): Promise<string> {
  return signToken(END_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, {
    sids: sessionIds,
    why: reason,
    ...(all && { all: { sub: all.userId, before: all.before.getTime() } }),
    iat: numericDate(now),
    // By then all of them have expired.
    exp: numericDate(secondsAfter(now, env().SESSION_MAX_SECONDS)),
  });
}

/** Null if it is not a token of ours. */
export async function readEndToken(token: string, now: Date): Promise<Revocations | "expired" | null> {
  const read = await readSignedToken(END_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, token, now);
  if (read === "expired") return "expired";
  const parsed = claims.safeParse(read?.claims);
  if (!parsed.success) return null;
  const { sids, why, all } = parsed.data;
  return {
    sessionIds: sids,
    reason: why,
    ...(all && { all: { userId: all.sub, before: new Date(all.before) } }),
  };
}
