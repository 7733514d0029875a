import { expect, test, vi } from "vitest";
import { cachedCheck } from "./cached-check";

test("cachedCheck: a thousand concurrent callers share one check, and its result is cached until the TTL expires", async () => {
  let runs = 0;
  const check = cachedCheck(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return ++runs === 1;
  }, 200);
  const results = await Promise.all(Array.from({ length: 1000 }, check));
  expect([runs, new Set(results)]).toEqual([1, new Set([true])]);
  expect(await check()).toBe(true);
  await vi.waitFor(async () => expect(await check()).toBe(false), { timeout: 10_000, interval: 20 });
  expect(runs).toBe(2);
});

test("cachedCheck: a rejection reaches every waiting caller and is not cached", async () => {
  let runs = 0;
  const check = cachedCheck(async () => {
    if (++runs === 1) throw new Error("a bug");
    return true;
  }, 60_000);
  expect((await Promise.allSettled([check(), check()])).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect([await check(), runs]).toEqual([true, 2]);
});
