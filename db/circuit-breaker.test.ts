import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CircuitBreaker } from "./circuit-breaker";

const T0 = new Date("2026-11-21T12:00:00Z");
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1000);
const lockWait = Object.assign(new Error("lock wait"), { errno: 1205 });

const fine = () => Promise.resolve("fine");
const locked = () => Promise.reject(lockWait);
const silent = () => new Promise<never>(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("hands on what answers, and what fails for reasons of its own, and goes on asking", async () => {
  const breaker = new CircuitBreaker();
  expect(await breaker.ask(T0, fine)).toBe("fine");
  await expect(breaker.ask(T0, () => Promise.reject(new TypeError("a bug")))).rejects.toThrow("a bug");
  expect(await breaker.ask(T0, fine)).toBe("fine");
  expect(vi.getTimerCount()).toBe(0);
});

test("waits a second for an answer, and no longer", async () => {
  const breaker = new CircuitBreaker();
  const asked = expect(breaker.ask(T0, silent)).rejects.toMatchObject({ code: "TABLE_SILENT" });
  await vi.advanceTimersByTimeAsync(999);
  expect(breaker.isOpen(later(1))).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await asked;
  expect(breaker.isOpen(later(1))).toBe(true);
});

test("after a failure asks nothing for five seconds", async () => {
  const breaker = new CircuitBreaker();
  await expect(breaker.ask(T0, locked)).rejects.toBe(lockWait);
  const question = vi.fn(fine);
  await expect(breaker.ask(later(4.9), question)).rejects.toMatchObject({ code: "TABLE_SILENT" });
  expect(question).not.toHaveBeenCalled();
  expect(await breaker.ask(later(5), question)).toBe("fine");
  expect(breaker.isOpen(later(5))).toBe(false);
});

test("then lets one ask, and spares everybody else until that one knows", async () => {
  const breaker = new CircuitBreaker();
  await expect(breaker.ask(T0, locked)).rejects.toBe(lockWait);
  let answer!: (text: string) => void;
  const first = breaker.ask(later(5), () => new Promise<string>((resolve) => (answer = resolve)));
  await expect(breaker.ask(later(5.5), fine)).rejects.toMatchObject({ code: "TABLE_SILENT" });
  answer("back");
  expect(await first).toBe("back");
  expect(await breaker.ask(later(5.6), fine)).toBe("fine");
});

test("does not rest for hours because the clock was set back", async () => {
  const breaker = new CircuitBreaker();
  await expect(breaker.ask(later(3600), locked)).rejects.toBe(lockWait);
  expect(await breaker.ask(T0, fine)).toBe("fine");
});

test("an answer that comes too late harms nobody", async () => {
  const breaker = new CircuitBreaker();
  const late = () => new Promise<never>((_, reject) => setTimeout(() => reject(lockWait), 2000));
  const asked = expect(breaker.ask(T0, late)).rejects.toMatchObject({ code: "TABLE_SILENT" });
  await vi.advanceTimersByTimeAsync(2000);
  await asked;
});
