import { expect, test } from "vitest";
import { InMemoryFallback } from "./in-memory-fallback";

const T0 = new Date("2026-11-21T12:00:00Z");
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1000);
const LIMIT = { hitsAtMost: 10, windowSeconds: 60 };

test("in-memory fallback: counts a hit until it leaves the window, and refuses at the limit as the table does", () => {
  const hits = new InMemoryFallback();
  const two = { ...LIMIT, hitsAtMost: 2 };
  expect(hits.count("a", two, T0)).toEqual({ hits: 1, resetsAt: later(60) });
  expect(hits.count("a", two, later(59))).toEqual({ hits: 2, resetsAt: later(60) });
  expect(hits.count("b", two, later(59))).toEqual({ hits: 1, resetsAt: later(119) });
  expect(hits.count("a", two, later(59.9))).toEqual({ hits: 3, resetsAt: later(60) });
  expect(hits.count("a", two, later(60))).toEqual({ hits: 2, resetsAt: later(119) });
});

test("in-memory fallback: continues the table's count, with own hits at their time and all others at the oldest one's", () => {
  const hits = new InMemoryFallback();
  hits.recordTableHit("a", { hits: 8, resetsAt: later(30) }, LIMIT, T0);
  hits.recordTableHit("a", { hits: 9, resetsAt: later(30) }, LIMIT, later(1));
  expect(hits.count("a", LIMIT, later(2))).toEqual({ hits: 10, resetsAt: later(30) });
  expect(hits.count("a", LIMIT, later(29))).toEqual({ hits: 11, resetsAt: later(30) });
  expect(hits.count("a", LIMIT, later(30))).toEqual({ hits: 4, resetsAt: later(60) });
});

test("in-memory fallback: a hit refused by the table fills the window and is not counted itself", () => {
  const hits = new InMemoryFallback();
  hits.recordTableHit("a", { hits: 11, resetsAt: later(30) }, LIMIT, T0);
  expect(hits.count("a", LIMIT, later(29)).hits).toBe(11);
  expect(hits.count("a", LIMIT, later(30))).toEqual({ hits: 1, resetsAt: later(90) });
});

test("in-memory fallback: keeps its own counts while the table is intermittently available", () => {
  const hits = new InMemoryFallback();
  for (let count = 0; count < 9; count++) hits.count("a", LIMIT, T0);
  hits.recordTableHit("a", { hits: 1, resetsAt: later(60) }, LIMIT, T0);
  expect(hits.count("a", LIMIT, later(1)).hits).toBe(11);
});

test("in-memory fallback: a decrement removes one hit of its time, and a cleared bucket allows the full limit", () => {
  const hits = new InMemoryFallback();
  hits.recordTableHit("a", { hits: 3, resetsAt: later(60) }, LIMIT, T0);
  hits.count("a", LIMIT, later(1));
  hits.decrement("a", later(1));
  hits.decrement("a", later(1));
  expect(hits.count("a", LIMIT, later(2)).hits).toBe(4);
  hits.decrement("never counted", T0);
  hits.clear("a");
  expect(hits.count("a", LIMIT, later(2)).hits).toBe(1);
});
