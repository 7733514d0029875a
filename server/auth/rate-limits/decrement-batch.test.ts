import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Decrement } from "@/db/tables/rate-limits";
import { DecrementBatch } from "./decrement-batch";

const T0 = new Date("2026-11-28T12:00:00Z");
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The batches sent, in order; `pass` completes those in progress. */
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

test("decrement batch: sends a single decrement at once", async () => {
  const { sent, add, pass } = newBatch();
  add("a");
  await pass();
  expect(sent).toEqual([[{ bucket: "a", countedAt: T0 }]]);
});

test("decrement batch: sends a flood in one statement per 100 ms and loses none", async () => {
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

test("decrement batch: sends at once again after 100 ms without one", async () => {
  const { bucketsSent, add, pass } = newBatch();
  add("a");
  await pass(100);
  add("b");
  await pass();
  expect(bucketsSent()).toEqual([["a"], ["b"]]);
});

test("decrement batch: sends the next batch only after the previous one has ended", async () => {
  const { bucketsSent, add } = newBatch();
  add("a");
  add("b");
  await vi.advanceTimersByTimeAsync(1000);
  expect(bucketsSent()).toEqual([["a"]]);
});

test("decrement batch: flush sends pending decrements and waits for them", async () => {
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
