import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { atOnce, createTestDatabase } from "@/db/testing";
import { connectThroughProxy, countStatements, databaseAt } from "@/server/auth/db-testing";
import { KEY_PUBLICATION_SECONDS, secondsAfter } from "@/server/auth/policy/lifetimes";
import { anotherInstance } from "@/server/auth/testing";

const load = async () => ({
  ...(await import("./bearer-key-feed")),
  ...(await import("./bearer-key")),
  ...(await import("@/db/tables/signing-keys")),
});
type Instance = Awaited<ReturnType<typeof load>>;

const newInstance = (changes: Record<string, string> = {}) => anotherInstance(load, changes);
const MINUTE = 60;
const inSeconds = (seconds: number) => secondsAfter(new Date(), seconds);
const idsOf = (instance: Instance, now = new Date()) => instance.publishedKeys(now).map(({ kid }) => kid);

/** A database with a first key and a second that waits, and an instance that has read both. */
async function duringRotation() {
  const { db, url } = await createTestDatabase();
  const instance = await newInstance();
  await instance.readKeys(db);
  const first = instance.signingKey(new Date())!.id;
  const second = await instance.createKey(2);
  expect(await instance.insertSigningKey(db, second, KEY_PUBLICATION_SECONDS)).toBe(true);
  await instance.readKeys(db);
  return { db, url, instance, first, second: second.id };
}

describe("the first signing key", () => {
  test("is made once by twenty instances that start at the same time, and signs at once on all of them", async () => {
    const { db } = await createTestDatabase();
    const instances: Instance[] = [];
    for (let count = 0; count < 20; count++) instances.push(await newInstance());
    expect(instances[0]!.hasKeyFeedStarted()).toBe(false);
    await Promise.all(instances.map((instance) => instance.readKeys(db)));
    const ids = new Set(instances.map((instance) => instance.signingKey(new Date())?.id));
    expect(ids.size).toBe(1);
    expect((await instances[0]!.findSigningKeys(db)).keys.map(({ id }) => id)).toEqual([...ids]);
  });

  test("is stored encrypted, and published without its private part", async () => {
    const { db } = await createTestDatabase();
    const instance = await newInstance();
    await instance.readKeys(db);
    const { privateKey, id } = (await instance.findSigningKeys(db)).keys[0]!;
    const [jwk] = instance.publishedKeys(new Date());
    expect(Object.keys(jwk!).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
    expect(jwk).toMatchObject({ kty: "EC", crv: "P-256", kid: id, alg: "ES256", use: "sig" });
    const stored = Buffer.from(privateKey.split(".")[1]!, "base64url").toString("latin1");
    expect(stored).not.toContain(jwk!.x!);
    expect(stored).not.toContain("P-256");
  });

  test("is replaced if all keys of the table are gone, as after a restore", async () => {
    const { db } = await createTestDatabase();
    const instance = await newInstance();
    await instance.readKeys(db);
    const lost = instance.signingKey(new Date())!.id;
    await db.deleteFrom("signingKeys").execute();
    await instance.readKeys(db);
    expect(instance.signingKey(new Date())?.id).not.toBe(lost);
    expect(instance.verificationKey(lost, new Date())).toBeNull();
  });
});

describe("a rotation of signing keys", () => {
  test("is published with the next read, signs after 15 minutes, and drops the former key after 31", async () => {
    const { instance, first, second } = await duringRotation();
    const seenAt = (seconds: number) => [
      idsOf(instance, inSeconds(seconds)),
      instance.signingKey(inSeconds(seconds))?.id,
    ];
    expect(seenAt(0)).toEqual([[first, second], first]);
    expect(seenAt(14.9 * MINUTE)).toEqual([[first, second], first]);
    expect(seenAt(15.1 * MINUTE)).toEqual([[first, second], second]);
    expect(seenAt(30.9 * MINUTE)).toEqual([[first, second], second]);
    expect(seenAt(31.1 * MINUTE)).toEqual([[second], second]);
    expect(instance.verificationKey(first, inSeconds(31.1 * MINUTE))).toBeNull();
  });

  test("goes on by the clock while the table cannot be read", async () => {
    const { url, instance, first, second } = await duringRotation();
    const proxy = await connectThroughProxy(url);
    await instance.readKeys(proxy.db);
    await proxy.disconnect();
    await expect(instance.readKeys(proxy.db)).rejects.toThrow();
    expect(instance.signingKey(inSeconds(0))?.id).toBe(first);
    expect(instance.signingKey(inSeconds(16 * MINUTE))?.id).toBe(second);
    expect(idsOf(instance, inSeconds(32 * MINUTE))).toEqual([second]);
    await proxy.close();
  });

  test.each([-120, 120])(
    "happens at the same moment on an instance whose clock is off by %i seconds",
    async (seconds) => {
      const { db, first, second } = await duringRotation();
      const { now } = Date;
      const clock = vi.spyOn(Date, "now").mockImplementation(() => now.call(Date) + seconds * 1000);
      const skewed = await newInstance();
      await skewed.readKeys(db).finally(() => clock.mockRestore());
      const signingAt = (sinceStart: number) => skewed.signingKey(inSeconds(sinceStart + seconds))?.id;
      expect([signingAt(14.9 * MINUTE), signingAt(15.1 * MINUTE)]).toEqual([first, second]);
      expect(skewed.databaseTime(inSeconds(seconds)).getTime()).toBeCloseTo(Date.now(), -4);
    },
  );

  test("is judged by the database's clock, wherever that is", async () => {
    const { url, instance, second } = await duringRotation();
    await databaseAt(url, 16 * MINUTE, (db) => instance.readKeys(db));
    expect(instance.signingKey(new Date())?.id).toBe(second);
  });

  test("costs one statement a read, and none to sign or to publish", async () => {
    const { url, instance } = await duringRotation();
    expect(await countStatements(url, (db) => instance.readKeys(db))).toBe(1);
    const none = await countStatements(url, async () => {
      instance.signingKey(new Date());
      instance.publishedKeys(new Date());
    });
    expect(none).toBe(0);
  });

  test("that a command and another one begin at once inserts one key", async () => {
    const { db, instance } = await duringRotation();
    const inserted = await atOnce(10, async () => instance.insertSigningKey(db, await instance.createKey(3), 0));
    expect(inserted.filter(Boolean)).toHaveLength(1);
  });
});

test("compromised signing keys: all are refused with the next read, and the new one signs at once", async () => {
  const { db, instance, first, second } = await duringRotation();
  const other = await newInstance();
  await other.readKeys(db);
  const replacement = await instance.createKey(3);
  const results = await atOnce(5, () => instance.replaceCompromisedKeys(db, replacement));
  expect(results.filter(Boolean)).toHaveLength(1);
  await other.readKeys(db);
  expect(idsOf(other)).toEqual([replacement.id]);
  expect(other.signingKey(new Date())?.id).toBe(replacement.id);
  for (const id of [first, second]) expect(other.verificationKey(id, new Date())).toBeNull();
});

describe("a signing key that cannot be decrypted", () => {
  const OTHER = { ENCRYPTION_SECRET: "another encryption secret, long enough" };

  test("prevents the first read, and names the remedy", async () => {
    const { db } = await duringRotation();
    const otherInstance = await newInstance(OTHER);
    await expect(otherInstance.readKeys(db)).rejects.toThrow(/ENCRYPTION_SECRET_PREVIOUS.*rotate --compromised/);
    expect(otherInstance.hasKeyFeedStarted()).toBe(false);
    expect(otherInstance.signingKey(new Date())).toBeNull();
  });

  test("ends the start of an instance", async () => {
    const { db } = await duringRotation();
    const otherInstance = await newInstance(OTHER);
    const reason = await new Promise((stop) => otherInstance.startKeyFeed(db, stop));
    otherInstance.stopKeyFeed();
    expect(reason).toBeInstanceOf(otherInstance.UnreadableKey);
  });

  test("does not stop a running instance, which goes on with the keys that it has", async () => {
    const { db, instance, first, second } = await duringRotation();
    const otherInstance = await newInstance(OTHER);
    const unreadable = await otherInstance.createKey(3);
    await otherInstance.insertSigningKey(db, unreadable, KEY_PUBLICATION_SECONDS);
    await instance.readKeys(db);
    expect(idsOf(instance)).toEqual([first, second]);
    expect(instance.signingKey(new Date())?.id).toBe(first);
  });

  test("is decrypted with the previous secret while that is being changed", async () => {
    const { db, first } = await duringRotation();
    const { TEST_ENV } = await import("@/server/runtime/testing-env");
    const changed = await newInstance({ ...OTHER, ENCRYPTION_SECRET_PREVIOUS: TEST_ENV.ENCRYPTION_SECRET! });
    await changed.readKeys(db);
    expect(changed.signingKey(new Date())?.id).toBe(first);
    const [key] = (await changed.findSigningKeys(db)).keys;
    expect(changed.judgeWrapping(key!)).toBe("previous");
    expect(changed.judgeWrapping(await changed.createKey(3))).toBe("current");
  });

  test("is not needed once it is compromised: another secret can then be used", async () => {
    const { db } = await duringRotation();
    const otherInstance = await newInstance(OTHER);
    await otherInstance.replaceCompromisedKeys(db, await otherInstance.createKey(3));
    await otherInstance.readKeys(db);
    expect(idsOf(otherInstance)).toHaveLength(1);
  });

  test("of another row is not accepted there: a key cannot be copied over another one", async () => {
    const { db, first, second } = await duringRotation();
    await sql`update signing_keys as a join signing_keys as b on b.id = ${second}
      set a.private_key = b.private_key where a.id = ${first}`.execute(db);
    await expect((await newInstance()).readKeys(db)).rejects.toThrow(first);
  });
});

test("signing keys: a purge deletes keys a day after they were dropped, and no other", async () => {
  const { db, url, instance, second } = await duringRotation();
  const left = async () => (await instance.findSigningKeys(db)).keys.map(({ id }) => id);
  await databaseAt(url, 86_400 + 30.9 * MINUTE, (later) => instance.purgeKeys(later));
  expect(await left()).toHaveLength(2);
  await databaseAt(url, 86_400 + 31.1 * MINUTE, (later) => instance.purgeKeys(later));
  expect(await left()).toEqual([second]);
  await databaseAt(url, 365 * 86_400, (later) => instance.purgeKeys(later));
  expect(await left()).toEqual([second]);
});
