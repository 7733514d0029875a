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

test("withLock: work does not overlap, and no file remains", async () => {
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

test("withLock: takes over the lock of a dead process without waiting", async () => {
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

test("withLock: takes over a lock whose pid was reused by another process", async () => {
  writeFileSync(file, `${process.pid}@1`);
  await expect(withLock(file, async () => "done")).resolves.toBe("done");
});

test("withLock: releases the lock when the work fails", async () => {
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
});

test("identify: consists of pid and start time", () => {
  const own = identify(process.pid);
  expect(own).toMatch(new RegExp(`^${process.pid}@.+`));
  expect(isRunning(own ?? "")).toBe(true);
  for (const identity of ["", "0@1", "-1@1", "999999999@1", `${process.pid}@1`])
    expect(isRunning(identity)).toBe(false);
});
