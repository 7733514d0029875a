import { createHash } from "node:crypto";
import { mintAccessToken } from "@/server/auth/tokens/access-token";
import type { Client } from "@/server/auth/client/client";
import { describeDevice } from "@/server/auth/client/device";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { mintRefreshToken } from "@/server/auth/tokens/refresh-token";
import { USER_AGENT } from "@/evidence/app-client";

/** The client of all generated requests, as the app sees it. */
export const CLIENT: Client = { address: "127.0.0.1", userAgent: USER_AGENT, ...describeDevice(USER_AGENT) };

export const PASSWORD = "plumber-kiosk-42-lantern";
export const FULL_NAME = "Ada Moat";
export const SESSIONS_PER_USER = 4;

const DAY_SECONDS = 24 * 3600;

/** Times of the seeded sessions: long before any grace window. */
export interface SeedTimes {
  createdAt: Date;
  rotatedAt: Date;
}

export function seedTimesAt(now: Date): SeedTimes {
  return { createdAt: secondsAfter(now, -DAY_SECONDS), rotatedAt: secondsAfter(now, -300) };
}

/** Ids in insertion order like UUIDv7, so that the primary key is filled sequentially. */
export function idOf(ordinal: number): string {
  return `${ordinal.toString(16).padStart(8, "0")}-0000-7000-8000-000000000000`;
}

export function emailOf(userOrdinal: number): string {
  return `bench-${String(userOrdinal).padStart(7, "0")}@example.test`;
}

/** Must match the SQL in `seed.ts`. */
export function nonceOf(id: string): string {
  return createHash("md5").update(id).digest("hex").slice(0, 22);
}

/** The cookies of session number `ordinal`, with an access token issued at `now`. */
export async function cookiesOf(
  ordinal: number,
  past: SeedTimes,
  now = new Date(),
): Promise<{ access: string; refresh: string }> {
  const id = idOf(ordinal);
  const userOrdinal = Math.floor(ordinal / SESSIONS_PER_USER);
  const user = { id: idOf(userOrdinal), email: emailOf(userOrdinal), fullName: FULL_NAME, role: "user" };
  const absoluteExpiresAt = secondsAfter(past.createdAt, 30 * DAY_SECONDS);
  const subject = {
    user,
    sessionId: id,
    isEmailVerified: true,
    authenticatedAt: past.createdAt,
    authenticationMethods: ["pwd"],
    absoluteExpiresAt,
  };
  const { token } = await mintAccessToken(subject, CLIENT, now);
  const refreshToken = await mintRefreshToken({
    sessionId: id,
    generation: 0,
    nonce: nonceOf(id),
    previousNonce: null,
    issuedAt: past.rotatedAt,
    expiresAt: secondsAfter(past.createdAt, 7 * DAY_SECONDS),
  });
  return { access: `__acc=${token}`, refresh: `__ref=${refreshToken}` };
}

/** `count` session ordinals, spread evenly. */
export function spreadEvenly(count: number, sessions: number): number[] {
  return Array.from({ length: Math.min(count, sessions) }, (_, index) => Math.floor((index * sessions) / count));
}
