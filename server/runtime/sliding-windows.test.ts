import { expect, test } from "vitest";
import fc from "fast-check";
import { SlidingWindow } from "./sliding-windows";

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
