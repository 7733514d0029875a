import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CircuitBreaker } from "./circuit-breaker";

const T0 = new Date("2026-11-21T12:00:00Z");
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1000);
const lockWait = Object.assign(new Error("lock wait"), { errno: 1205 });

const succeeding = () => Promise.resolve("fine");
const failing = () => Promise.reject(lockWait);
const pending = () => new Promise<never>(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("circuit breaker: returns results, rethrows errors that are not faults of the database, and stays closed", async () => {
  const breaker = new CircuitBreaker();
  expect(await breaker.run(T0, succeeding)).toBe("fine");
  await expect(breaker.run(T0, () => Promise.reject(new TypeError("a bug")))).rejects.toThrow("a bug");
  expect(await breaker.run(T0, succeeding)).toBe("fine");
  expect(vi.getTimerCount()).toBe(0);
});

test("circuit breaker: times out after one second and opens", async () => {
  const breaker = new CircuitBreaker();
  const call = expect(breaker.run(T0, pending)).rejects.toMatchObject({ code: "TABLE_UNAVAILABLE" });
  await vi.advanceTimersByTimeAsync(999);
  expect(breaker.isOpen(later(1))).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await call;
  expect(breaker.isOpen(later(1))).toBe(true);
});

test("circuit breaker: rejects at once for five seconds after a failure", async () => {
  const breaker = new CircuitBreaker();
  await expect(breaker.run(T0, failing)).rejects.toBe(lockWait);
  const operation = vi.fn(succeeding);
  await expect(breaker.run(later(4.9), operation)).rejects.toMatchObject({ code: "TABLE_UNAVAILABLE" });
  expect(operation).not.toHaveBeenCalled();
  expect(await breaker.run(later(5), operation)).toBe("fine");
  expect(breaker.isOpen(later(5))).toBe(false);
});

test("circuit breaker: after five seconds lets one trial through and rejects the others until it has ended", async () => {
  const breaker = new CircuitBreaker();
  await expect(breaker.run(T0, failing)).rejects.toBe(lockWait);
  let respond!: (text: string) => void;
  const first = breaker.run(later(5), () => new Promise<string>((resolve) => (respond = resolve)));
  await expect(breaker.run(later(5.5), succeeding)).rejects.toMatchObject({ code: "TABLE_UNAVAILABLE" });
  respond("back");
  expect(await first).toBe("back");
  expect(await breaker.run(later(5.6), succeeding)).toBe("fine");
});

test("circuit breaker: does not stay open for hours after the clock was set back", async () => {
  const breaker = new CircuitBreaker();
  await expect(breaker.run(later(3600), failing)).rejects.toBe(lockWait);
  expect(await breaker.run(T0, succeeding)).toBe("fine");
});

test("circuit breaker: ignores a rejection that arrives after the timeout", async () => {
  const breaker = new CircuitBreaker();
  const late = () => new Promise<never>((_, reject) => setTimeout(() => reject(lockWait), 2000));
  const call = expect(breaker.run(T0, late)).rejects.toMatchObject({ code: "TABLE_UNAVAILABLE" });
  await vi.advanceTimersByTimeAsync(2000);
  await call;
});
