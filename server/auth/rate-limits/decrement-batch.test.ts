import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Decrement } from "@/db/tables/rate-limits";
import { DecrementBatch } from "./decrement-batch";

const T0 = new Date("2026-11-28T12:00:00Z");
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What was sent, in order, and how to let the next of it come to its end. */
function newBatch() {
  const sent: Decrement[][] = [];
  const ends: (() => void)[] = [];
  const batch = new DecrementBatch((together) => {
    sent.push(together);
    return new Promise((resolve) => ends.push(resolve));
  });
  const add = (bucket: string, countedAt = T0) => batch.add({ bucket, countedAt });
  const bucketsSent = () => sent.map((together) => together.map(({ bucket }) => bucket));
  const pass = async (milliseconds = 0) => {
    while (ends.length > 0) ends.shift()!();
    await vi.advanceTimersByTimeAsync(milliseconds);
  };
  return { batch, sent, bucketsSent, add, pass };
}

test("one alone is made at once", async () => {
  const { sent, add, pass } = newBatch();
  add("a");
  await pass();
  expect(sent).toEqual([[{ bucket: "a", countedAt: T0 }]]);
});

test("a flood of them is made in a statement each tenth of a second, every hit of it", async () => {
  const { sent, add, pass } = newBatch();
  for (let count = 0; count < 300; count++) {
    add(`bucket ${count % 50}`, later(count));
    await pass(1);
  }
  await pass(100);
  expect(sent.length).toBeLessThanOrEqual(4);
  expect(sent.flat()).toHaveLength(300);
  expect(sent.at(-1)!.at(-1)!.countedAt).toEqual(later(299));
});

test("after a rest the next is made at once again", async () => {
  const { bucketsSent, add, pass } = newBatch();
  add("a");
  await pass(100);
  add("b");
  await pass();
  expect(bucketsSent()).toEqual([["a"], ["b"]]);
});

test("those that come while a slow one is under way wait for it, and for each other only", async () => {
  const { bucketsSent, add } = newBatch();
  add("a");
  add("b");
  await vi.advanceTimersByTimeAsync(1000);
  expect(bucketsSent()).toEqual([["a"]]);
});

test("what waits is made before an end, and the end waits for it", async () => {
  const { batch, sent, bucketsSent, add, pass } = newBatch();
  add("a");
  add("b");
  let isFlushed = false;
  void batch.flush().then(() => (isFlushed = true));
  await pass();
  expect(bucketsSent()).toEqual([["a"]]);
  await pass();
  expect(bucketsSent()).toEqual([["a"], ["b"]]);
  expect(isFlushed).toBe(false);
  await pass();
  expect(isFlushed).toBe(true);
  await batch.flush();
  expect(sent).toHaveLength(2);
});
