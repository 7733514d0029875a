import "server-only";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { env } from "@/server/runtime/env";
import { numericDate, readSignedToken, signToken, type TokenKind } from "./signed-token";
import { tokenKeys } from "./signing-keys";

const REFRESH_TOKEN: TokenKind = { type: "rt+jwt", requiredClaims: ["sid", "gen", "non"] };

const claims = z.object({ sid: z.uuid(), gen: z.int().min(0), non: z.string().length(22) });

/** The contents of a refresh token, as far as the verdict depends on them. */
export interface PresentedToken {
  generation: number;
  nonce: string;
}

export interface PresentedRefreshToken extends PresentedToken {
  sessionId: string;
}

/** The columns of a session that determine its current token. */
export interface IssuedRefreshToken {
  sessionId: string;
  generation: number;
  nonce: string;
  issuedAt: Date;
  expiresAt: Date;
}

/** 128 random bits: the next token cannot be guessed from everything else about a session. */
export function newNonce(): string {
  return randomBytes(16).toString("base64url");
}

/** The token that this row determines: the same row gives the identical token, so that it can be reissued. */
export async function mintRefreshToken(issued: IssuedRefreshToken): Promise<string> {
  return signToken(REFRESH_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, {
    sid: issued.sessionId,
    gen: issued.generation,
    non: issued.nonce,
    iat: numericDate(issued.issuedAt),
    exp: numericDate(issued.expiresAt),
  });
}

/** Null if it is not a token of ours. Reads no database. */
export async function readRefreshToken(token: string, now: Date): Promise<PresentedRefreshToken | "expired" | null> {
  const read = await readSignedToken(REFRESH_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, token, now);
  if (read === "expired") return "expired";
  const parsed = claims.safeParse(read?.claims);
  if (!parsed.success) return null;
  return { sessionId: parsed.data.sid, generation: parsed.data.gen, nonce: parsed.data.non };
}
