import { expect, test } from "vitest";
import { AddressLimiter, RequestLimiter } from "./request-limit";

test("RequestLimiter: accepts as many hits as the limit, and the next one exceeds it", () => {
  const limiter = new RequestLimiter(3, 60, 10);
  const hits = [1, 2, 3, 4].map(() => limiter.consume("203.0.113.7", 0));
  expect(hits.map((quota) => quota.isExceeded)).toEqual([false, false, false, true]);
  expect(hits.map((quota) => quota.remaining)).toEqual([2, 1, 0, 0]);
});

test("RequestLimiter: keys are counted separately", () => {
  const limiter = new RequestLimiter(1, 60, 10);
  limiter.consume("203.0.113.7", 0);
  expect(limiter.consume("203.0.113.8", 0).isExceeded).toBe(false);
});

test("RequestLimiter: the limit holds across a minute boundary", () => {
  const limiter = new RequestLimiter(600, 60, 10);
  const times = [0, ...Array<number>(599).fill(59_000), ...Array<number>(600).fill(61_000)];
  const passed = times.map((now) => limiter.consume("a", now)).filter((quota) => !quota.isExceeded);
  expect(passed.length).toBeLessThanOrEqual(601);
  expect(passed.length).toBeGreaterThanOrEqual(600);
});

test("AddressLimiter: a /48 has twice the limit of an address, whichever of its /64 are used", () => {
  const limiter = new AddressLimiter(3, 60, 10);
  const spend = (subnet: number) => limiter.consume(`2001:db8:1:${subnet.toString(16)}::1`, 0);
  expect(Array.from({ length: 5 }, (_, subnet) => spend(subnet).remaining)).toEqual([2, 2, 2, 2, 1]);
  expect([spend(5), spend(6)].map(({ isExceeded }) => isExceeded)).toEqual([false, true]);
  expect(limiter.consume("2001:db8:2::1", 0).isExceeded).toBe(false);
  expect(limiter.consume("203.0.113.7", 0)).toMatchObject({ limit: 3, remaining: 2 });
});

test("AddressLimiter: refused hits of one /64 do not count for its /48", () => {
  const limiter = new AddressLimiter(3, 60, 10);
  for (let hit = 0; hit < 100; hit++) limiter.consume("2001:db8:1:1::1", 0);
  expect(limiter.consume("2001:db8:1:2::1", 0)).toMatchObject({ isExceeded: false, remaining: 2 });
});

test("RequestLimiter: resetSeconds is the time until the next hit is accepted", () => {
  const limiter = new RequestLimiter(1, 60, 10);
  expect(limiter.consume("a", 1_000).resetSeconds).toBe(60);
  expect(limiter.consume("a", 31_500)).toMatchObject({ isExceeded: true, resetSeconds: 30 });
  expect(limiter.consume("a", 60_999)).toMatchObject({ isExceeded: true, resetSeconds: 1 });
  expect(limiter.consume("a", 61_000)).toMatchObject({ isExceeded: false, resetSeconds: 60 });
});

test("RequestLimiter: refused hits do not extend the window", () => {
  const limiter = new RequestLimiter(1, 60, 10);
  for (let now = 0; now < 60_000; now += 1_000) limiter.consume("a", now);
  expect(limiter.consume("a", 60_000).isExceeded).toBe(false);
});

test("RequestLimiter: at the maximum number of keys the least recently used one is evicted", () => {
  const limiter = new RequestLimiter(1, 60, 3);
  for (let key = 0; key < 10_000; key++) limiter.consume(String(key), 0);
  expect(limiter.size).toBe(3);
  expect(limiter.consume("9999", 0).isExceeded).toBe(true);
  expect(limiter.consume("0", 0).isExceeded).toBe(false);
});

test("RequestLimiter: a new hit makes a key the most recently used", () => {
  const limiter = new RequestLimiter(1, 60, 2);
  limiter.consume("a", 0);
  limiter.consume("b", 30_000);
  limiter.consume("a", 60_000);
  limiter.consume("c", 60_000);
  expect(limiter.consume("a", 60_000).isExceeded).toBe(true);
});

test("RequestLimiter: resetSeconds never exceeds the window, whatever the time", () => {
  for (let now = 5000; now < 6000; now += 0.7013) {
    expect(new RequestLimiter(600, 60, 1).consume("a", now).resetSeconds, String(now)).toBe(60);
  }
});
