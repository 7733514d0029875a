import { calculateJwkThumbprint, createLocalJWKSet, jwtVerify, SignJWT, type JSONWebKeySet } from "jose";
import { describe, expect, test } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { countStatements } from "@/server/auth/db-testing";
import { KEY_PUBLICATION_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { anotherInstance } from "@/server/auth/testing";

const load = async () => ({
  ...(await import("./key-set")),
  ...(await import("./bearer-key-feed")),
  ...(await import("./bearer-key")),
  ...(await import("@/db/tables/signing-keys")),
});

async function startedInstance() {
  const { db, url } = await createTestDatabase();
  const instance = await anotherInstance(load);
  await instance.readKeys(db);
  return { db, url, instance };
}

const now = () => new Date();

describe("the published key set", () => {
  test("verifies what the signing key signs, with the keys of the response alone", async () => {
    const { instance } = await startedInstance();
    const response = instance.respondWithKeySet(null, now());
    expect(response.headers.get("content-type")).toBe("application/jwk-set+json");
    const keySet = (await response.json()) as JSONWebKeySet;
    const { id, privateKey } = instance.signingKey(now())!;
    const token = await new SignJWT({ sub: "x" }).setProtectedHeader({ alg: "ES256", kid: id }).sign(privateKey);
    expect((await jwtVerify(token, createLocalJWKSet(keySet))).payload.sub).toBe("x");
    expect(await calculateJwkThumbprint(keySet.keys[0]!)).toBe(id);
    expect(JSON.stringify(keySet)).not.toMatch(/"d":/);
  });

  test("may be stored for five minutes, and is not sent again to a client that has it", async () => {
    const { instance } = await startedInstance();
    const { status, headers } = instance.respondWithKeySet(null, now());
    const etag = headers.get("etag")!;
    expect([status, headers.get("cache-control")]).toEqual([200, "public, max-age=300"]);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = instance.respondWithKeySet(known, now());
      expect([again.status, again.headers.get("etag"), await again.text()], known).toEqual([304, etag, ""]);
      expect(again.headers.get("cache-control")).toBe("public, max-age=300");
    }
    for (const other of ["", '"other"', etag.slice(1, -1), etag.toLowerCase() === etag ? "x" : etag.toLowerCase()]) {
      expect(instance.respondWithKeySet(other, now()).status, other).toBe(200);
    }
  });

  test("contains a new key at once, and has then another tag", async () => {
    const { db, instance } = await startedInstance();
    const before = instance.respondWithKeySet(null, now()).headers.get("etag");
    const added = await instance.createKey(2);
    await instance.insertSigningKey(db, added, KEY_PUBLICATION_SECONDS);
    await instance.readKeys(db);
    const response = instance.respondWithKeySet(before, now());
    expect(response.status).toBe(200);
    const { keys } = (await response.json()) as JSONWebKeySet;
    expect(keys.map(({ kid }) => kid)).toEqual([instance.signingKey(now())!.id, added.id]);
    // The former key leaves it without another read.
    const later = instance.respondWithKeySet(null, secondsAfter(now(), 32 * 60));
    expect(((await later.json()) as JSONWebKeySet).keys.map(({ kid }) => kid)).toEqual([added.id]);
  });

  test("is the same on two instances, byte for byte", async () => {
    const { db, instance } = await startedInstance();
    const other = await anotherInstance(load);
    await other.readKeys(db);
    const texts = await Promise.all([instance, other].map((one) => one.respondWithKeySet(null, now()).text()));
    expect(texts[0]).toBe(texts[1]);
  });

  test("costs no statement", async () => {
    const { url, instance } = await startedInstance();
    const statements = await countStatements(url, async () => {
      for (let count = 0; count < 20; count++) instance.respondWithKeySet(null, now());
    });
    expect(statements).toBe(0);
  });

  test("is not available, and not stored, before the keys have been read", async () => {
    const instance = await anotherInstance(load);
    const { status, headers } = instance.respondWithKeySet(null, now());
    expect([status, headers.get("retry-after"), headers.get("cache-control")]).toEqual([503, "1", null]);
  });
});
