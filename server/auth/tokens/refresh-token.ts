import "server-only";
import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { env } from "@/server/runtime/env";
import { numericDate, readSignedToken, signToken, type TokenKind } from "./signed-token";
import { tokenKeys, type TokenKey } from "./signing-keys";

const REFRESH_TOKEN: TokenKind = { type: "rt+jwt", requiredClaims: ["sid", "gen", "non"] };

const NONCE_BYTES = 16;
const nonce = z.string().length(22);

const claims = z.object({
  sid: z.uuid(),
  gen: z.int().min(0),
  non: nonce,
  prv: nonce.optional(),
  iat: z.int(),
  exp: z.int(),
});

/** The contents of a refresh token, as far as the verdict depends on them. */
export interface PresentedToken {
  generation: number;
  nonce: string;
  /** The nonce that the row had as its previous one. Null in a session's first token, and in tokens of an older version. */
  previousNonce: string | null;
  issuedAt: Date;
  expiresAt: Date;
}

export interface PresentedRefreshToken extends PresentedToken {
  sessionId: string;
  /** The key that signed it. */
  key: TokenKey;
}

/** The columns of a session that determine its current token. */
export interface IssuedRefreshToken {
  sessionId: string;
  generation: number;
  nonce: string;
  previousNonce: string | null;
  issuedAt: Date;
  expiresAt: Date;
}

/** The nonce of a session's first token: 128 random bits. */
export function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString("base64url");
}

/**
 * The nonce of the token that replaces the row's current one, by a rotation or a recovery: 128 bits of an HMAC. The same row has the
 * same successor, so a rotation that the database has lost is repeated with the same result. The key is that of the token that was
 * presented, which it names: so the result stays the same while secrets are being changed, and on instances that have only one of them.
 */
export function successorNonce(
  { id, generation, currentNonce }: { id: string; generation: number; currentNonce: string },
  { successorKey }: TokenKey,
): string {
  const row = `${id} ${generation} ${currentNonce}`;
  return createHmac("sha256", successorKey).update(row).digest().subarray(0, NONCE_BYTES).toString("base64url");
}

/** The token that this row determines: the same row gives the identical token, so that it can be reissued. */
export async function mintRefreshToken(issued: IssuedRefreshToken): Promise<string> {
  return signToken(REFRESH_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, {
    sid: issued.sessionId,
    gen: issued.generation,
    non: issued.nonce,
    ...(issued.previousNonce === null ? {} : { prv: issued.previousNonce }),
    iat: numericDate(issued.issuedAt),
    exp: numericDate(issued.expiresAt),
  });
}

/** Null if it is not a token of ours. Reads no database. */
export async function readRefreshToken(token: string, now: Date): Promise<PresentedRefreshToken | "expired" | null> {
  const read = await readSignedToken(REFRESH_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, token, now);
  if (read === "expired") return "expired";
  const parsed = claims.safeParse(read?.claims);
  if (read === null || !parsed.success) return null;
  const { sid, gen, non, prv, iat, exp } = parsed.data;
  return {
    sessionId: sid,
    generation: gen,
    nonce: non,
    previousNonce: prv ?? null,
    issuedAt: new Date(iat * 1000),
    expiresAt: new Date(exp * 1000),
    key: read.key,
  };
}
