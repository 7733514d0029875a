import { expect, test } from "vitest";
import { AddressLimiter } from "./request-limit";

test("AddressLimiter: a /48 has twice the limit of an address, whichever of its /64 are used", () => {
  const limiter = new AddressLimiter(3, 60);
  const spend = (subnet: number) => limiter.consume(`2001:db8:1:${subnet.toString(16)}::1`, 0);
  expect(Array.from({ length: 5 }, (_, subnet) => spend(subnet).remaining)).toEqual([2, 2, 2, 2, 1]);
  expect([spend(5), spend(6)].map(({ isExceeded }) => isExceeded)).toEqual([false, true]);
  expect(limiter.consume("2001:db8:2::1", 0).isExceeded).toBe(false);
  expect(limiter.consume("203.0.113.7", 0)).toMatchObject({ limit: 3, remaining: 2 });
});

test("AddressLimiter: refused hits of one /64 do not count for its /48", () => {
  const limiter = new AddressLimiter(3, 60);
  for (let hit = 0; hit < 100; hit++) limiter.consume("2001:db8:1:1::1", 0);
  expect(limiter.consume("2001:db8:1:2::1", 0)).toMatchObject({ isExceeded: false, remaining: 2 });
});
