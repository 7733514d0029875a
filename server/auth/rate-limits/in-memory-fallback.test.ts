import { expect, test } from "vitest";
import { InMemoryFallback } from "./in-memory-fallback";

const T0 = new Date("2026-11-21T12:00:00Z");
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1000);
const LIMIT = { hitsAtMost: 10, windowSeconds: 60 };

test("a hit counts until it leaves the window, and a full one refuses as the table does", () => {
  const hits = new InMemoryFallback();
  const two = { ...LIMIT, hitsAtMost: 2 };
  expect(hits.count("a", two, T0)).toEqual({ hits: 1, resetsAt: later(60) });
  expect(hits.count("a", two, later(59))).toEqual({ hits: 2, resetsAt: later(60) });
  expect(hits.count("b", two, later(59))).toEqual({ hits: 1, resetsAt: later(119) });
  expect(hits.count("a", two, later(59.9))).toEqual({ hits: 3, resetsAt: later(60) });
  expect(hits.count("a", two, later(60))).toEqual({ hits: 2, resetsAt: later(119) });
});

test("counting goes on from what the table said last: this process's own hits at their time, all others as old as the oldest", () => {
  const hits = new InMemoryFallback();
  hits.recordTableHit("a", { hits: 8, resetsAt: later(30) }, LIMIT, T0);
  hits.recordTableHit("a", { hits: 9, resetsAt: later(30) }, LIMIT, later(1));
  expect(hits.count("a", LIMIT, later(2))).toEqual({ hits: 10, resetsAt: later(30) });
  expect(hits.count("a", LIMIT, later(29))).toEqual({ hits: 11, resetsAt: later(30) });
  expect(hits.count("a", LIMIT, later(30))).toEqual({ hits: 4, resetsAt: later(60) });
});

test("a hit that the table refused fills the window and is not counted itself", () => {
  const hits = new InMemoryFallback();
  hits.recordTableHit("a", { hits: 11, resetsAt: later(30) }, LIMIT, T0);
  expect(hits.count("a", LIMIT, later(29)).hits).toBe(11);
  expect(hits.count("a", LIMIT, later(30))).toEqual({ hits: 1, resetsAt: later(90) });
});

test("a table that comes and goes does not give back what was counted here meanwhile", () => {
  const hits = new InMemoryFallback();
  for (let count = 0; count < 9; count++) hits.count("a", LIMIT, T0);
  hits.recordTableHit("a", { hits: 1, resetsAt: later(60) }, LIMIT, T0);
  expect(hits.count("a", LIMIT, later(1)).hits).toBe(11);
});

test("a refund takes back one hit of its time, and a cleared bucket has all its room", () => {
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
