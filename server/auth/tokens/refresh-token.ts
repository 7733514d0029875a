import "server-only";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import { env } from "@/server/runtime/env";
import { numericDate, readSignedToken, signToken, type TokenKind } from "./signed-token";
import { tokenKeys } from "./signing-keys";

const REFRESH_TOKEN: TokenKind = { type: "rt+jwt", requiredClaims: ["sid", "gen", "non"] };

const claims = z.object({ sid: z.uuid(), gen: z.int().min(0), non: z.string().length(22) });

/** What a refresh token says, as far as the verdict depends on it. */
export interface PresentedToken {
  generation: number;
  nonce: string;
}

export interface PresentedRefreshToken extends PresentedToken {
  sessionId: string;
}

/** What a session's row remembers of its current token. */
export interface IssuedRefreshToken {
  sessionId: string;
  generation: number;
  nonce: string;
  issuedAt: Date;
  expiresAt: Date;
}

/** 128 random bits: nobody who knows everything else about a session can make its next token up. */
export function newNonce(): string {
  return randomBytes(16).toString("base64url");
}

/** The token that this row stands for: the same row gives the same token, to the letter. */
export async function mintRefreshToken(issued: IssuedRefreshToken): Promise<string> {
  return signToken(REFRESH_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, {
    sid: issued.sessionId,
    gen: issued.generation,
    non: issued.nonce,
    iat: numericDate(issued.issuedAt),
    exp: numericDate(issued.expiresAt),
  });
}

/** Null if it is not a token of ours. Decided without the database. */
export async function readRefreshToken(token: string, now: Date): Promise<PresentedRefreshToken | "expired" | null> {
  const read = await readSignedToken(REFRESH_TOKEN, tokenKeys().refresh, env().APP_ORIGIN, token, now);
  if (read === "expired") return "expired";
  const parsed = claims.safeParse(read?.claims);
  if (!parsed.success) return null;
  return { sessionId: parsed.data.sid, generation: parsed.data.gen, nonce: parsed.data.non };
}
