import { expect, test } from "vitest";
import { LoggedRevocations } from "./logged-revocations";

const [USER, ONE, OTHER] = [
  "0198c0de-0000-7000-8000-000000000001",
  "0198c0de-0000-7000-8000-000000000002",
  "0198c0de-0000-7000-8000-000000000003",
] as const;
const TIME = "2026-11-30T12:00:00.000Z";
const OPENED_BY = "2026-11-30T11:59:59.500Z";

function logged(...lines: (string | Record<string, unknown>)[]): LoggedRevocations {
  const found = new LoggedRevocations(new Date("2026-11-30T00:00:00Z"));
  for (const line of lines) {
    const text = typeof line === "string" ? line : JSON.stringify(line);
    found.add(text);
  }
  return found;
}

const event = (name: string, fields: Record<string, unknown>, time = TIME) => ({
  level: "info",
  time,
  event: name,
  ...fields,
  msg: "security event",
});

test("logged revocations: each event names its sessions, or the sessions of its user", () => {
  const { sessions, endings, passwordUserIds, entries, incomplete } = logged(
    event("session-ended", { sessionId: ONE, reason: "logout" }),
    event("session-replayed", { sessionId: OTHER, userId: USER }),
    event("logout-pending", { sessionIds: [ONE], reason: "cookies not kept" }),
    event("logout-pending", { sessionIds: [], userId: USER, openedBy: OPENED_BY, reason: "logout everywhere" }),
    event("all-sessions-ended", { userId: USER, sessionId: ONE, openedBy: OPENED_BY, reason: "logout everywhere" }),
    event("other-sessions-ended", { userId: USER, sessionId: ONE, openedBy: OPENED_BY, reason: "revoked by user" }),
    event("password-changed", { userId: USER, sessionId: OTHER, openedBy: OPENED_BY }),
    event("password-reset", { userId: USER }),
  );
  expect(Object.fromEntries(sessions)).toEqual({ [ONE]: "cookies not kept", [OTHER]: "replayed" });
  const of = { userId: USER, openedBy: new Date(OPENED_BY) };
  expect(endings).toEqual([
    { ...of, keptId: null, reason: "logout everywhere" },
    { ...of, keptId: null, reason: "logout everywhere" },
    { ...of, keptId: ONE, reason: "revoked by user" },
    { ...of, keptId: OTHER, reason: "password changed" },
  ]);
  expect([[...passwordUserIds], entries, incomplete]).toEqual([[USER], 8, 0]);
});

test("logged revocations: a line of an older version counts by its own time", () => {
  const { endings } = logged(event("all-sessions-ended", { userId: USER, reason: "logout everywhere" }));
  expect(endings).toEqual([{ userId: USER, openedBy: new Date(TIME), keptId: null, reason: "logout everywhere" }]);
});

test("logged revocations: other lines and events are ignored, and text before the JSON", () => {
  const { sessions, entries } = logged(
    "",
    "Portcullis is starting",
    "{ not JSON",
    "[1]",
    '{"time":"yesterday"}',
    event("logged-in", { sessionId: ONE, userId: USER }),
    { level: "info", time: TIME, msg: "request", sessionId: ONE },
    `app-1  | ${JSON.stringify(event("session-ended", { sessionId: OTHER, reason: "logout" }))}`,
  );
  expect([[...sessions.keys()], entries]).toEqual([[OTHER], 3]);
});

test("logged revocations: what happened before the given instant is ignored", () => {
  const { sessions, endings } = logged(
    event("session-ended", { sessionId: ONE, reason: "logout" }, "2026-11-29T23:59:59.999Z"),
    event("all-sessions-ended", { userId: USER, reason: "logout everywhere" }, "2026-11-29T23:59:59.999Z"),
    event("session-ended", { sessionId: OTHER, reason: "logout" }, "2026-11-30T00:00:00.000Z"),
  );
  expect([[...sessions.keys()], endings]).toEqual([[OTHER], []]);
});

test.each([
  event("session-ended", { reason: "logout" }),
  event("session-ended", { sessionId: "1 or 1=1", reason: "logout" }),
  event("session-ended", { sessionId: { id: ONE }, reason: "logout" }),
  event("all-sessions-ended", { reason: "logout everywhere" }),
  event("other-sessions-ended", { userId: USER, reason: "revoked by user" }),
])("logged revocations: an event without the ids that it needs is counted and not used: %j", (line) => {
  const { sessions, endings, incomplete } = logged(line);
  expect([sessions.size, endings.length, incomplete]).toEqual([0, 0, 1]);
});
