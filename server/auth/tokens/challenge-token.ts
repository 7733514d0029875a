import "server-only";
import { z } from "zod";
import { env } from "@/server/runtime/env";
import type { Client } from "@/server/auth/client/client";
import { fingerprint, fingerprintMatches } from "@/server/auth/client/fingerprint";
import { numericDate, readSignedToken, signToken, type TokenKind } from "./signed-token";
import { tokenKeys } from "./signing-keys";

const CHALLENGE_TOKEN: TokenKind = { type: "chl+jwt", requiredClaims: ["jti", "sub", "epoch", "remember", "_"] };

const claims = z.object({
  jti: z.uuid(),
  sub: z.uuid(),
  epoch: z.int(),
  remember: z.boolean(),
  exp: z.int(),
  _: z.string(),
});

/** A login whose password was right, and which waits for the second factor. */
export interface LoginChallenge {
  /** Of the row that makes it single-use. */
  id: string;
  userId: string;
  /** As read with the user: when all sessions end, the login does too. */
  sessionEpoch: number;
  remember: boolean;
  expiresAt: Date;
}

/** Grants nothing by itself. Bound to the browser and operating system: the network may change between the two steps. */
export async function mintChallengeToken(challenge: LoginChallenge, client: Client, now: Date): Promise<string> {
  const ring = tokenKeys().refresh;
  return signToken(CHALLENGE_TOKEN, ring, env().APP_ORIGIN, {
    jti: challenge.id,
    sub: challenge.userId,
    epoch: challenge.sessionEpoch,
    remember: challenge.remember,
    iat: numericDate(now),
    exp: numericDate(challenge.expiresAt),
    _: fingerprint(ring.current.key, client, BROWSER_ONLY),
  });
}

/** Null if it is not ours, has expired, or is of another browser. */
export async function readChallengeToken(token: string, client: Client, now: Date): Promise<LoginChallenge | null> {
  const read = await readSignedToken(CHALLENGE_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, token, now);
  if (read === null || read === "expired") return null;
  const parsed = claims.safeParse(read.claims);
  if (!parsed.success) return null;
  const { jti, sub, epoch, remember, exp, _ } = parsed.data;
  if (!fingerprintMatches(_, fingerprint(read.key.key, client, BROWSER_ONLY))) return null;
  return { id: jti, userId: sub, sessionEpoch: epoch, remember, expiresAt: new Date(exp * 1000) };
}

const BROWSER_ONLY = { ip: false, agent: true };
