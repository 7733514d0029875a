import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createTestDatabase } from "@/db/testing";
import { findSigningKeys } from "@/db/tables/signing-keys";
import { DATA } from "@/scripts/paths.mjs";
import { databaseAt } from "@/server/auth/db-testing";
import { anotherInstance } from "@/server/auth/testing";
import { TEST_ENV } from "@/server/runtime/testing-env";
import { describeKeys } from "./describe-keys";
import { replaceKeys, rotateKeys } from "./rotate-keys";

const MINUTE = 60;

const newInstance = (changes: Record<string, string> = {}) =>
  anotherInstance(
    async () => ({ ...(await import("@/server/auth/tokens/bearer-key-feed")), ...(await import("./rotate-keys")) }),
    changes,
  );

/** A database of an installation that runs, and one of its instances. */
async function installation() {
  const { db, url } = await createTestDatabase();
  const instance = await newInstance();
  await instance.readKeys(db);
  return { db, url, instance };
}

const command = (url: string, ...args: string[]) =>
  spawnSync(process.execPath, ["ops/start.mjs", "keys", ...args], {
    encoding: "utf8",
    env: { ...process.env, ...TEST_ENV, DATABASE_URL: url },
  });

describe("keys rotate", () => {
  test("publishes one new key, and describes the timeline", async () => {
    const { db, url, instance } = await installation();
    const first = instance.signingKey(new Date())!.id;
    await rotateKeys(db);
    await instance.readKeys(db);
    expect(instance.signingKey(new Date())?.id).toBe(first);
    const { keys } = await findSigningKeys(db);
    expect(keys).toHaveLength(2);
    expect(keys[1]!.signsFrom.getTime() - keys[1]!.createdAt.getTime()).toBe(15 * MINUTE * 1000);
    const at = (seconds: number) =>
      databaseAt(url, seconds, async (later) => describeKeys(await findSigningKeys(later)));
    expect(await at(0)).toMatch(new RegExp(`${first}  signs since .*\n.*${keys[1]!.id}  published, signs from `));
    expect(await at(16 * MINUTE)).toMatch(
      new RegExp(`${first}  signs no more, dropped at .*\n.*${keys[1]!.id}  signs since `),
    );
    expect(await at(32 * MINUTE)).toMatch(new RegExp(`${first}  dropped at .*\n.*${keys[1]!.id}  signs since `));
  });

  test.each([0, 14.9, 15.1, 30.9])("is refused %d minutes after the rotation before it", async (minutes) => {
    const { db, url } = await installation();
    await rotateKeys(db);
    await databaseAt(url, minutes * MINUTE, async (later) => {
      await expect(rotateKeys(later)).rejects.toThrow(/in progress until \d{4}-.*--compromised/s);
    });
    expect((await findSigningKeys(db)).keys).toHaveLength(2);
  });

  test("is allowed again once the former key is dropped", async () => {
    const { db, url } = await installation();
    await rotateKeys(db);
    await databaseAt(url, 31.1 * MINUTE, rotateKeys);
    expect((await findSigningKeys(db)).keys).toHaveLength(3);
  });

  test("that is begun ten times at once begins one rotation", async () => {
    const { db } = await installation();
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => rotateKeys(db)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(String(result.reason)).toMatch(/in progress|Another command/);
    }
    expect((await findSigningKeys(db)).keys).toHaveLength(2);
  });

  test("is refused with an ENCRYPTION_SECRET that the instances do not have", async () => {
    const { db } = await installation();
    const otherInstance = await newInstance({ ENCRYPTION_SECRET: "another encryption secret, long enough" });
    await expect(otherInstance.rotateKeys(db)).rejects.toThrow("Run it with the variables of the app");
    expect((await findSigningKeys(db)).keys).toHaveLength(1);
  });

  test("in an empty table makes a key that signs at once", async () => {
    const { db } = await createTestDatabase();
    await rotateKeys(db);
    const instance = await newInstance();
    await instance.readKeys(db);
    expect(instance.signingKey(new Date())).not.toBeNull();
    expect((await findSigningKeys(db)).keys).toHaveLength(1);
  });

  test("that is killed at any moment can be run again, and leaves a key that signs and at most one that waits", async () => {
    const { db, url, instance } = await installation();
    const first = instance.signingKey(new Date())!.id;
    // Bundled once, so that the moments below lie within the command.
    expect(command(url).stdout).toContain(`${first}  signs since`);
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, [join(DATA, "entry", "keys.mjs"), "rotate"], {
        env: { ...process.env, ...TEST_ENV, DATABASE_URL: url },
        stdio: "ignore",
      });
      const ended = once(child, "exit");
      const timer = setTimeout(() => child.kill("SIGKILL"), 150 + round * 150);
      await ended;
      clearTimeout(timer);
    }
    const { status, stdout, stderr } = command(url, "rotate");
    const { keys } = await findSigningKeys(db);
    expect(keys.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(status === 0 || `${stdout}${stderr}`.includes("A rotation is in progress"), stdout + stderr).toBe(true);
    await instance.readKeys(db);
    expect(instance.signingKey(new Date())?.id).toBe(first);
  });
});

describe("keys rotate --compromised", () => {
  test("drops all keys at once, also during a rotation", async () => {
    const { db, instance } = await installation();
    await rotateKeys(db);
    const { couldDecrypt } = await replaceKeys(db);
    expect(couldDecrypt).toBe(true);
    await instance.readKeys(db);
    const [, , third] = (await findSigningKeys(db)).keys;
    expect(instance.publishedKeys(new Date()).map(({ kid }) => kid)).toEqual([third!.id]);
    expect(instance.signingKey(new Date())?.id).toBe(third!.id);
    expect(describeKeys(await findSigningKeys(db)).match(/compromised, dropped at/g)).toHaveLength(2);
  });

  test("of five commands at once leaves one key that signs", async () => {
    const { db, instance } = await installation();
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => replaceKeys(db)));
    expect(results.map(({ status }) => status)).toContain("fulfilled");
    await instance.readKeys(db);
    expect(instance.publishedKeys(new Date())).toHaveLength(1);
    expect(instance.signingKey(new Date())).not.toBeNull();
  });

  test("needs no former secret, and says that it could not decrypt the former keys", async () => {
    const { db } = await installation();
    const otherInstance = await newInstance({ ENCRYPTION_SECRET: "another encryption secret, long enough" });
    expect(await otherInstance.replaceKeys(db)).toEqual({ couldDecrypt: false });
    await otherInstance.readKeys(db);
    expect(otherInstance.signingKey(new Date())).not.toBeNull();
  });
});

test("keys: the command shows the keys, rotates, refuses a second rotation with exit code 1, and replaces compromised keys", async () => {
  const { url, instance } = await installation();
  const first = instance.signingKey(new Date())!.id;
  expect(command(url).stdout).toContain(`${first}  signs since`);
  const rotated = command(url, "rotate");
  expect([rotated.status, rotated.stdout.includes("published, signs from")]).toEqual([0, true]);
  const again = command(url, "rotate");
  expect([again.status, `${again.stdout}${again.stderr}`.includes("in progress until")]).toEqual([1, true]);
  const replaced = command(url, "rotate", "--compromised");
  expect([replaced.status, replaced.stdout.match(/compromised, dropped at/g)?.length]).toEqual([0, 2]);
  const down = command("mysql://root@127.0.0.1:9/portcullis", "rotate");
  expect([down.status, `${down.stdout}${down.stderr}`.includes("The database cannot be used")]).toEqual([1, true]);
});
