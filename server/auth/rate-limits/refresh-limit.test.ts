import { randomUUID } from "node:crypto";
import { expect, test, vi } from "vitest";
import { requestState, type RequestState } from "@/server/runtime/request-state";
import { consumeRefreshLimit } from "./refresh-limit";

const T0 = new Date("2026-11-21T12:00:00.250Z");
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1000);

/** The quota recorded for the response to one refresh. */
function refresh(sessionId: string, now: Date) {
  const notes: RequestState = { requestId: "request-1" };
  try {
    requestState.run(notes, () => consumeRefreshLimit(sessionId, now));
    return { passes: true, ...notes.quota };
  } catch (error) {
    expect(error).toMatchObject({ reason: "RATE_LIMITED", details: { retryAfterSeconds: notes.quota?.resetSeconds } });
    return { passes: false, ...notes.quota };
  }
}

test("refresh limit: a session may refresh sixty times a minute and is told the remaining number, then the time to wait", () => {
  const id = randomUUID();
  const quotas = Array.from({ length: 62 }, (_, index) => refresh(id, later(index / 2)));
  expect(quotas.map(({ passes }) => passes)).toEqual([...Array<boolean>(60).fill(true), false, false]);
  expect(quotas.map(({ remaining }) => remaining)).toEqual(Array.from({ length: 62 }, (_, at) => Math.max(0, 59 - at)));
  expect(quotas[0]).toMatchObject({ limit: 60, resetSeconds: 60 });
  expect(quotas[60]).toMatchObject({ limit: 60, resetSeconds: 30, isExceeded: true });
  expect(refresh(id, later(59.9))).toMatchObject({ passes: false, resetSeconds: 1 });
  expect(refresh(id, later(60))).toMatchObject({ passes: true, remaining: 0 });
  expect(refresh(id, later(120))).toMatchObject({ passes: true, remaining: 59 });
});

test("refresh limit: of 120 refreshes around a minute boundary sixty pass", () => {
  const id = randomUUID();
  const passed = Array.from({ length: 120 }, (_, index) => refresh(id, later(index < 60 ? 59 : 61))).filter(
    ({ passes }) => passes,
  );
  expect(passed).toHaveLength(60);
});

test("refresh limit: the bundles of middleware and routes count one session's refreshes together", async () => {
  const id = randomUUID();
  vi.resetModules();
  const other = await import("./refresh-limit");
  expect(other.consumeRefreshLimit).not.toBe(consumeRefreshLimit);
  for (let count = 0; count < 30; count++) {
    consumeRefreshLimit(id, T0);
    other.consumeRefreshLimit(id, T0);
  }
  expect(refresh(id, T0).passes).toBe(false);
});

test("refresh limit: each session is counted separately", () => {
  const id = randomUUID();
  for (let count = 0; count < 61; count++) refresh(id, T0);
  expect(refresh(randomUUID(), T0).passes).toBe(true);
});

test("refresh limit: a clock that was set back does not extend the wait", () => {
  const id = randomUUID();
  for (let count = 0; count < 61; count++) refresh(id, later(3600));
  expect(refresh(id, T0).passes).toBe(true);
});
