import { expect, test } from "vitest";
import { Ceiling } from "./ceiling";

test("as many hits as the limit pass, the next one exceeds it", () => {
  const ceiling = new Ceiling(3, 60, 10);
  const hits = [1, 2, 3, 4].map(() => ceiling.spend("203.0.113.7", 0));
  expect(hits.map((quota) => quota.isExceeded)).toEqual([false, false, false, true]);
  expect(hits.map((quota) => quota.remaining)).toEqual([2, 1, 0, 0]);
});

test("one key's hits are not another's", () => {
  const ceiling = new Ceiling(1, 60, 10);
  ceiling.spend("203.0.113.7", 0);
  expect(ceiling.spend("203.0.113.8", 0).isExceeded).toBe(false);
});

test("a window tells when it ends, and the next one starts from nothing", () => {
  const ceiling = new Ceiling(1, 60, 10);
  expect(ceiling.spend("a", 1_000).resetSeconds).toBe(60);
  expect(ceiling.spend("a", 31_500)).toMatchObject({ isExceeded: true, resetSeconds: 30 });
  expect(ceiling.spend("a", 60_999)).toMatchObject({ isExceeded: true, resetSeconds: 1 });
  expect(ceiling.spend("a", 61_000)).toMatchObject({ isExceeded: false, resetSeconds: 60 });
});

test("hits beyond the limit do not lengthen the wait", () => {
  const ceiling = new Ceiling(1, 60, 10);
  for (let now = 0; now < 60_000; now += 1_000) ceiling.spend("a", now);
  expect(ceiling.spend("a", 60_000).isExceeded).toBe(false);
});

test("a flood of addresses takes no more memory than the bound, and forgets the oldest first", () => {
  const ceiling = new Ceiling(1, 60, 3);
  for (let key = 0; key < 10_000; key++) ceiling.spend(String(key), 0);
  expect(ceiling.size).toBe(3);
  expect(ceiling.spend("9999", 0).isExceeded).toBe(true);
  expect(ceiling.spend("0", 0).isExceeded).toBe(false);
});

test("a key whose window was renewed is not the oldest any more", () => {
  const ceiling = new Ceiling(1, 60, 2);
  ceiling.spend("a", 0);
  ceiling.spend("b", 30_000);
  ceiling.spend("a", 60_000);
  ceiling.spend("c", 60_000);
  expect(ceiling.spend("a", 60_000).isExceeded).toBe(true);
});
