import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConcurrencyLimiter, hashLimiter } from "./concurrency-limiter";

const LIMITS = { maxRunning: 2, maxWaiting: 64, maxWaitSeconds: 4 };

/** Tasks that the test completes one by one, with counts of those started and running. */
function slowWork() {
  const ends: (() => void)[] = [];
  const seen = { started: [] as number[], running: 0, most: 0 };
  const work = (id: number) => async () => {
    seen.started.push(id);
    seen.most = Math.max(seen.most, ++seen.running);
    await new Promise<void>((resolve) => ends.push(resolve));
    seen.running -= 1;
    return id;
  };
  const endNext = async () => {
    ends.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { seen, work, endNext };
}

const settled = (promises: Promise<unknown>[]) => Promise.allSettled(promises);
const unavailable = { reason: "UNAVAILABLE", details: { retryAfterSeconds: 4 } };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("ConcurrencyLimiter", () => {
  test("ConcurrencyLimiter: of 256 concurrent calls two run, 64 wait, and the rest are rejected at once with a retry time", async () => {
    const queue = new ConcurrencyLimiter(LIMITS);
    const { seen, work, endNext } = slowWork();
    const refused: unknown[] = [];
    const all = Array.from({ length: 256 }, (_, id) => queue.run(work(id)));
    for (const one of all) one.catch((error: unknown) => refused.push(error));

    await vi.advanceTimersByTimeAsync(0);
    expect(seen.started).toEqual([0, 1]);
    expect(refused).toHaveLength(190);
    for (const error of refused) expect(error).toMatchObject(unavailable);

    for (let i = 0; i < 66; i += 1) await endNext();
    const outcomes = await settled(all);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(66);
    expect(seen.most).toBe(2);
    expect(seen.started).toEqual(Array.from({ length: 66 }, (_, id) => id));
  });

  test("ConcurrencyLimiter: rejects calls that waited too long, and frees their places in the queue", async () => {
    const queue = new ConcurrencyLimiter({ ...LIMITS, maxRunning: 1, maxWaiting: 2 });
    const { seen, work, endNext } = slowWork();
    const first = queue.run(work(0));
    const early = queue.run(work(1));
    const refusal = expect(early).rejects.toMatchObject(unavailable);
    await vi.advanceTimersByTimeAsync(3000);
    const late = queue.run(work(2));
    await vi.advanceTimersByTimeAsync(1000);
    await refusal;

    const last = queue.run(work(3));
    for (let i = 0; i < 3; i += 1) await endNext();
    expect(await Promise.all([first, late, last])).toEqual([0, 2, 3]);
    expect(seen.started).toEqual([0, 2, 3]);
  });

  test("ConcurrencyLimiter: a running call is not rejected, however long it takes", async () => {
    const queue = new ConcurrencyLimiter({ ...LIMITS, maxRunning: 1 });
    const { work, endNext } = slowWork();
    const all = [queue.run(work(0)), queue.run(work(1))];
    await vi.advanceTimersByTimeAsync(3999);
    await endNext();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    await endNext();
    expect(await Promise.all(all)).toEqual([0, 1]);
  });

  test("ConcurrencyLimiter: a failed call releases its slot", async () => {
    const queue = new ConcurrencyLimiter({ ...LIMITS, maxRunning: 1, maxWaiting: 5 });
    const fault = new Error("out of memory");
    const failing = Array.from({ length: 5 }, (_, i) =>
      queue.run(() => {
        if (i % 2 === 0) throw fault;
        return Promise.reject(fault);
      }),
    );
    for (const outcome of await settled(failing)) expect(outcome).toEqual({ status: "rejected", reason: fault });
    expect(await queue.run(() => Promise.resolve("served"))).toBe("served");
  });

  test("hashLimiter: one instance is shared by all bundles of the process", async () => {
    const own = hashLimiter();
    vi.resetModules();
    const again = await import("./concurrency-limiter");
    expect(again.ConcurrencyLimiter).not.toBe(ConcurrencyLimiter);
    expect(again.hashLimiter()).toBe(own);
  });
});
