import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { identify, isRunning } from "./process-identity.mjs";
import { withLock } from "./lock.mjs";

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "portcullis-")), "some.lock");
});

test("work under one lock never overlaps, and leaves nothing behind", async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 4 }, () => withLock(file, work)));
  expect(most).toBe(1);
  expect(readdirSync(join(file, ".."))).toEqual([]);
});

test("the lock of a process that is gone is taken over at once", async () => {
  writeFileSync(file, "999999999@1");
  let waited = false;
  await expect(
    withLock(
      file,
      async () => "done",
      () => (waited = true),
    ),
  ).resolves.toBe("done");
  expect(waited).toBe(false);
});

test("a number that went to another process does not keep a lock alive", async () => {
  writeFileSync(file, `${process.pid}@1`);
  await expect(withLock(file, async () => "done")).resolves.toBe("done");
});

test("work that fails gives its lock back", async () => {
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
});

test("a process is known by its number and its start", () => {
  const mine = identify(process.pid);
  expect(mine).toMatch(new RegExp(`^${process.pid}@.+`));
  expect(isRunning(mine ?? "")).toBe(true);
  for (const nobody of ["", "0@1", "-1@1", "999999999@1", `${process.pid}@1`]) expect(isRunning(nobody)).toBe(false);
});
