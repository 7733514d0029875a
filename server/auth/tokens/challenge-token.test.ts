import "@/server/runtime/testing-env";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { ADA, clientAt, MALLORY } from "@/server/auth/testing";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { mintChallengeToken, readChallengeToken, type LoginChallenge } from "./challenge-token";
import { readRefreshToken } from "./refresh-token";

const NOW = new Date("2026-11-30T12:00:00.000Z");
const CHALLENGE: LoginChallenge = {
  id: "01900000-0000-7000-8000-000000000001",
  userId: "01900000-0000-7000-8000-000000000002",
  sessionEpoch: 3,
  remember: false,
  expiresAt: secondsAfter(NOW, 300),
};

describe("challenge token", () => {
  test("names the pending login until it expires", async () => {
    const token = await mintChallengeToken(CHALLENGE, ADA, NOW);
    expect(await readChallengeToken(token, ADA, NOW)).toEqual(CHALLENGE);
    expect(await readChallengeToken(token, ADA, secondsAfter(NOW, 299))).toEqual(CHALLENGE);
    expect(await readChallengeToken(token, ADA, secondsAfter(NOW, 300))).toBeNull();
  });

  test("is bound to browser and operating system, not to the network", async () => {
    const token = await mintChallengeToken(CHALLENGE, ADA, NOW);
    expect(await readChallengeToken(token, clientAt("192.0.2.99", ADA.userAgent), NOW)).toEqual(CHALLENGE);
    expect(await readChallengeToken(token, MALLORY, NOW)).toBeNull();
    expect(await readChallengeToken(token, clientAt(ADA.address, MALLORY.userAgent), NOW)).toBeNull();
  });

  test("is of a kind of its own: it is no refresh token, and a changed one is not read", async () => {
    const token = await mintChallengeToken(CHALLENGE, ADA, NOW);
    expect(decodeProtectedHeader(token).typ).toBe("chl+jwt");
    expect(await readRefreshToken(token, NOW)).toBeNull();
    const [head, , signature] = token.split(".");
    const other = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: CHALLENGE.id })).toString("base64url");
    expect(await readChallengeToken(`${head}.${other}.${signature}`, ADA, NOW)).toBeNull();
  });
});
