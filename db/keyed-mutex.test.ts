import type { Kysely } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { retryOnDeadlock, withKeyedMutex, writeRow } from "./keyed-mutex";
import type { Database } from "./schema";

const instance = () => ({}) as Kysely<Database>;
const pause = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A write that reports how many run at the same time. */
function gauge() {
  let running = 0;
  const seen: number[] = [];
  const write = async () => {
    seen.push(++running);
    await pause();
    running--;
  };
  return { write, seen };
}

describe("withKeyedMutex", () => {
  test("runs the tasks of one key one at a time, in order of arrival", async () => {
    const db = instance();
    const { write, seen } = gauge();
    const order: number[] = [];
    const indexes = Array.from({ length: 20 }, (_, index) => index);
    await Promise.all(
      indexes.map((index) => withKeyedMutex(db, "row", () => write().then(() => void order.push(index)))),
    );
    expect(seen).toEqual(Array(20).fill(1));
    expect(order).toEqual(indexes);
  });

  test("does not wait for tasks of other keys or of another pool", async () => {
    const db = instance();
    const { write, seen } = gauge();
    await Promise.all([
      withKeyedMutex(db, "a", write),
      withKeyedMutex(db, "b", write),
      withKeyedMutex(instance(), "a", write),
    ]);
    expect(seen).toEqual([1, 2, 3]);
  });

  test("runs one task at a time across bundles that share the pool", async () => {
    const db = instance();
    const { write, seen } = gauge();
    vi.resetModules();
    const other = await import("./keyed-mutex");
    expect(other.withKeyedMutex).not.toBe(withKeyedMutex);
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? other.withKeyedMutex : withKeyedMutex)(db, "row", write)),
    );
    expect(seen).toEqual(Array(10).fill(1));
  });

  test("runs the next task after one that failed", async () => {
    const db = instance();
    const failing = withKeyedMutex(db, "row", () => Promise.reject(new Error("no")));
    const next = withKeyedMutex(db, "row", () => Promise.resolve("yes"));
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("yes");
  });

  test("times out behind a stuck task and does not run the timed-out task later", async () => {
    vi.useFakeTimers();
    const db = instance();
    let finish!: () => void;
    const stuck = withKeyedMutex(db, "row", () => new Promise<void>((resolve) => (finish = resolve)));
    const write = vi.fn(() => Promise.resolve());
    const waiting = [withKeyedMutex(db, "row", write), withKeyedMutex(db, "row", write)].map((call) =>
      call.catch((error) => error),
    );
    await vi.advanceTimersByTimeAsync(1500);
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: "MUTEX_TIMEOUT" });
    const later = withKeyedMutex(db, "row", write);
    finish();
    await Promise.all([stuck, later]);
    expect(write).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});

describe("deadlock retry", () => {
  const deadlock = Object.assign(new Error("deadlock"), { errno: 1213 });

  test("retryOnDeadlock makes at most nine attempts", async () => {
    const failsOnce = vi.fn(() => Promise.resolve("done")).mockRejectedValueOnce(deadlock);
    expect(await retryOnDeadlock(failsOnce)).toBe("done");
    const alwaysFails = vi.fn(() => Promise.reject(deadlock));
    await expect(retryOnDeadlock(alwaysFails)).rejects.toBe(deadlock);
    expect(alwaysFails).toHaveBeenCalledTimes(9);
  });

  test("writeRow retries, and withKeyedMutex does not, so that nested mutexes do not multiply the attempts", async () => {
    const db = instance();
    const write = vi.fn(() => Promise.reject(deadlock));
    await expect(writeRow(db, "row", write)).rejects.toBe(deadlock);
    expect(write).toHaveBeenCalledTimes(9);
    const task = vi.fn(() => Promise.reject(deadlock));
    await expect(withKeyedMutex(db, "row", task)).rejects.toBe(deadlock);
    expect(task).toHaveBeenCalledTimes(1);
  });

  test("retryOnDeadlock rethrows any other error at once", async () => {
    const timeout = Object.assign(new Error("lock wait"), { errno: 1205 });
    const write = vi.fn(() => Promise.reject(timeout));
    await expect(retryOnDeadlock(write)).rejects.toBe(timeout);
    expect(write).toHaveBeenCalledTimes(1);
  });
});
