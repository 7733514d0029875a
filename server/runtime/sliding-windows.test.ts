import { expect, test } from "vitest";
import fc from "fast-check";
import { quotaOf, SlidingWindow, SlidingWindows } from "./sliding-windows";

const SECONDS = { windowSeconds: 60 };

test("ten hits at the end of one minute and ten at the start of the next: ten are admitted", () => {
  const window = new SlidingWindow(60);
  const times = [...Array<number>(10).fill(59_999), ...Array<number>(10).fill(60_001)];
  const passed = times.filter((now) => window.hit({ hitsAtMost: 10, ...SECONDS }, now).hits <= 10);
  expect(passed).toHaveLength(10);
});

test("no window exceeds the limit, wherever it starts, and a hit is refused only if its window is full to within a slot's share", () => {
  const runs = fc.record({
    hitsAtMost: fc.integer({ min: 1, max: 50 }),
    slotsAtMost: fc.integer({ min: 1, max: 20 }),
    gaps: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 90_000 })), {
      minLength: 50,
      maxLength: 200,
    }),
  });
  fc.assert(
    fc.property(runs, ({ hitsAtMost, slotsAtMost, gaps }) => {
      const window = new SlidingWindow(slotsAtMost);
      const passed: number[] = [];
      let now = 1_000_000;
      for (const gap of gaps) {
        now += gap;
        const inWindow = passed.filter((at) => at > now - 60_000).length;
        const { hits, resetsAt } = window.hit({ hitsAtMost, ...SECONDS }, now);
        expect(resetsAt).toBeGreaterThan(now);
        if (hits <= hitsAtMost) {
          expect(inWindow).toBeLessThan(hitsAtMost);
          passed.push(now);
        } else if (hitsAtMost <= slotsAtMost) {
          expect(inWindow).toBe(hitsAtMost);
          expect(resetsAt).toBe(passed.at(-hitsAtMost)! + 60_000);
        }
      }
    }),
  );
});

test("a refused hit is admitted at the time that its refusal named", () => {
  for (const slotsAtMost of [1, 7, 60]) {
    const window = new SlidingWindow(slotsAtMost);
    const limit = { hitsAtMost: 30, ...SECONDS };
    for (let hit = 0; hit < 30; hit++) window.hit(limit, hit * 1000);
    const { hits, resetsAt } = window.hit(limit, 30_000);
    expect(hits).toBe(31);
    expect(window.hit(limit, resetsAt - 1).hits).toBe(31);
    expect(window.hit(limit, resetsAt).hits).toBeLessThanOrEqual(30);
  }
});

test("a refund makes room for one hit of that time, and for no other", () => {
  const window = new SlidingWindow(10);
  const limit = { hitsAtMost: 2, ...SECONDS };
  window.hit(limit, 1000);
  window.hit(limit, 2000);
  window.refund(3000);
  expect(window.hit(limit, 4000).hits).toBe(3);
  window.refund(1000);
  window.refund(1000);
  expect(window.hit(limit, 4000)).toEqual({ hits: 2, resetsAt: 62_000 });
});

test("hits from before the clock was set back by more than a window no longer count", () => {
  const window = new SlidingWindow(10);
  const limit = { hitsAtMost: 2, ...SECONDS };
  for (let hit = 0; hit < 3; hit++) window.hit(limit, 3_600_000);
  expect(window.hit(limit, 0).hits).toBe(1);
});

/** A limit of hits per minute and key, with the quota that a response reports. */
function newLimiter(hitsAtMost: number, keysAtMost: number) {
  const windows = new SlidingWindows(60, keysAtMost);
  const consume = (key: string, now: number) =>
    quotaOf(hitsAtMost, windows.hit(key, { hitsAtMost, ...SECONDS }, now), now);
  return { windows, consume };
}

test("sliding windows: accepts as many hits as the limit, and the next one exceeds it", () => {
  const limiter = newLimiter(3, 10);
  const hits = [1, 2, 3, 4].map(() => limiter.consume("203.0.113.7", 0));
  expect(hits.map((quota) => quota.isExceeded)).toEqual([false, false, false, true]);
  expect(hits.map((quota) => quota.remaining)).toEqual([2, 1, 0, 0]);
});

test("sliding windows: keys are counted separately", () => {
  const limiter = newLimiter(1, 10);
  limiter.consume("203.0.113.7", 0);
  expect(limiter.consume("203.0.113.8", 0).isExceeded).toBe(false);
});

test("sliding windows: the limit holds across a minute boundary", () => {
  const limiter = newLimiter(600, 10);
  const times = [0, ...Array<number>(599).fill(59_000), ...Array<number>(600).fill(61_000)];
  const passed = times.map((now) => limiter.consume("a", now)).filter((quota) => !quota.isExceeded);
  expect(passed.length).toBeLessThanOrEqual(601);
  expect(passed.length).toBeGreaterThanOrEqual(600);
});

test("sliding windows: resetSeconds is the time until the next hit is accepted", () => {
  const limiter = newLimiter(1, 10);
  expect(limiter.consume("a", 1_000).resetSeconds).toBe(60);
  expect(limiter.consume("a", 31_500)).toMatchObject({ isExceeded: true, resetSeconds: 30 });
  expect(limiter.consume("a", 60_999)).toMatchObject({ isExceeded: true, resetSeconds: 1 });
  expect(limiter.consume("a", 61_000)).toMatchObject({ isExceeded: false, resetSeconds: 60 });
});

test("sliding windows: refused hits do not extend the window", () => {
  const limiter = newLimiter(1, 10);
  for (let now = 0; now < 60_000; now += 1_000) limiter.consume("a", now);
  expect(limiter.consume("a", 60_000).isExceeded).toBe(false);
});

test("sliding windows: at the maximum number of keys the least recently used one is evicted", () => {
  const limiter = newLimiter(1, 3);
  for (let key = 0; key < 10_000; key++) limiter.consume(String(key), 0);
  expect(limiter.windows.size).toBe(3);
  expect(limiter.consume("9999", 0).isExceeded).toBe(true);
  expect(limiter.consume("0", 0).isExceeded).toBe(false);
});

test("sliding windows: a new hit makes a key the most recently used", () => {
  const limiter = newLimiter(1, 2);
  limiter.consume("a", 0);
  limiter.consume("b", 30_000);
  limiter.consume("a", 60_000);
  limiter.consume("c", 60_000);
  expect(limiter.consume("a", 60_000).isExceeded).toBe(true);
});

test("sliding windows: resetSeconds never exceeds the window, whatever the time", () => {
  for (let now = 5000; now < 6000; now += 0.7013) {
    expect(newLimiter(600, 1).consume("a", now).resetSeconds, String(now)).toBe(60);
  }
});
