import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import { expect, test } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { signedInSession } from "@/server/auth/db-testing";
import {
  KEY_PUBLICATION_SECONDS,
  KEY_SET_MAX_AGE_SECONDS,
  MAX_BEARER_TOKEN_SECONDS,
  secondsAfter,
} from "@/server/auth/policy/lifetimes";
import { anotherInstance } from "@/server/auth/testing";

const load = async () => ({
  ...(await import("./bearer-key-feed")),
  ...(await import("./bearer-key")),
  ...(await import("./bearer-token")),
  ...(await import("./testing")),
  ...(await import("@/db/tables/signing-keys")),
});

/** How old the keys of another service may be: a cache keeps them for their max-age, and jose for 10 minutes. */
const OLDEST_KEY_SET_SECONDS = KEY_SET_MAX_AGE_SECONDS + 600;
const STEP_SECONDS = 30;

test("a rotation of signing keys: two instances and a verifier with the oldest keys refuse no token, from before its begin until after its end", async () => {
  const { db } = await createTestDatabase();
  // The longest life that a token may have.
  const life = { ACCESS_TOKEN_SECONDS: String(MAX_BEARER_TOKEN_SECONDS), REFRESH_TOKEN_SECONDS: "604800" };
  const [one, other] = [await anotherInstance(load, life), await anotherInstance(load, life)];
  const session = await signedInSession(db, new Date());
  await one.readKeys(db);
  // As fetched by a verifier just before the rotation, which may keep them for that long.
  const keySets = [{ at: -OLDEST_KEY_SET_SECONDS, keys: one.publishedKeys(new Date()) }];
  await one.insertSigningKey(db, await one.createKey(2), KEY_PUBLICATION_SECONDS);
  await Promise.all([one.readKeys(db), other.readKeys(db)]);
  const { createdAt: start } = (await one.findSigningKeys(db)).keys[1]!;
  const tokens: { token: string; expiresAt: Date }[] = [];
  const signers = new Set<string>();

  const last = KEY_PUBLICATION_SECONDS + MAX_BEARER_TOKEN_SECONDS + 300;
  for (let second = 0; second < last; second += STEP_SECONDS) {
    const now = secondsAfter(start, second);
    keySets.push({ at: second, keys: one.publishedKeys(now) });
    for (const instance of [one, other]) {
      signers.add(instance.signingKey(now)!.id);
      const token = await instance.bearerToken(db, session.id, now);
      const { exp } = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as { exp: number };
      tokens.push({ token, expiresAt: new Date(exp * 1000) });
    }
    const oldest = keySets.findLast(({ at }) => at <= second - OLDEST_KEY_SET_SECONDS)!;
    const verifier = createLocalJWKSet({ keys: oldest.keys } as JSONWebKeySet);
    for (const { token, expiresAt } of tokens.filter((issued) => issued.expiresAt > secondsAfter(now, 1))) {
      for (const instance of [one, other])
        expect(await instance.readBearerToken(token, now), `${second} s`).not.toBeNull();
      const read = jwtVerify(token, verifier, { currentDate: now });
      await expect(read, `${second} s, token until ${expiresAt.toISOString()}`).resolves.toBeDefined();
    }
  }
  expect(signers.size).toBe(2);
  expect(one.publishedKeys(secondsAfter(start, last)).map(({ kid }) => kid)).toEqual([[...signers][1]]);
});
