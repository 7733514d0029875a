import { expect, test } from "vitest";
import { RememberedHits } from "./remembered-hits";

const T0 = new Date("2026-11-21T12:00:00Z");
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1000);

test("a window begins with its first hit and ends after its time", () => {
  const hits = new RememberedHits();
  expect(hits.count("a", 60, T0)).toEqual({ hits: 1, resetsAt: later(60) });
  expect(hits.count("a", 60, later(59))).toEqual({ hits: 2, resetsAt: later(60) });
  expect(hits.count("b", 60, later(59))).toEqual({ hits: 1, resetsAt: later(119) });
  expect(hits.count("a", 60, later(60))).toEqual({ hits: 1, resetsAt: later(120) });
});

test("counting goes on from what the table said last, as long as that window lasts", () => {
  const hits = new RememberedHits();
  hits.learn("a", { hits: 8, resetsAt: later(30) });
  hits.learn("a", { hits: 9, resetsAt: later(30) });
  expect(hits.count("a", 60, T0)).toEqual({ hits: 10, resetsAt: later(60) });
  expect(hits.count("a", 60, later(30))).toEqual({ hits: 2, resetsAt: later(60) });
  hits.learn("b", { hits: 5, resetsAt: later(90) });
  expect(hits.count("b", 60, T0).resetsAt).toEqual(later(90));
});

test("a table that comes and goes does not give back what was counted here meanwhile", () => {
  const hits = new RememberedHits();
  for (let count = 0; count < 9; count++) hits.count("a", 60, T0);
  hits.learn("a", { hits: 1, resetsAt: later(60) });
  expect(hits.count("a", 60, later(1)).hits).toBe(11);
});

test("a refund goes to the counter that was hit, and never below nothing", () => {
  const hits = new RememberedHits();
  hits.learn("a", { hits: 3, resetsAt: later(60) });
  hits.count("a", 60, T0);
  hits.refund("a", "table");
  hits.refund("a", "process");
  hits.refund("a", "process");
  expect(hits.count("a", 60, T0).hits).toBe(3);
  hits.refund("unheard of", "process");
});
