import { describe, expect, test } from "vitest";
import { createLog } from "./log";
import { requestState } from "./request-state";

const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

function lineOf(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  write(createLog({ write: (line) => lines.push(line) }));
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

test("log: the digest shown on an error page is logged with the request id", () => {
  const error = Object.assign(new Error("a page failed"), { digest: "1234567890" });
  const line = lineOf((log) => requestState.run({ requestId: "asked" }, () => log.error({ err: error }, " ⨯")));
  expect(JSON.parse(line)).toMatchObject({ requestId: "asked", err: { digest: "1234567890" } });
});

describe("log: redacts secrets", () => {
  test.each([
    "password",
    "currentPassword",
    "newPassword",
    "passwordHash",
    "cookie",
    "set-cookie",
    "authorization",
    "token",
    "accessToken",
    "refreshToken",
    "nonce",
  ])("log: redacts the field %s at the top level and one level below", (name) => {
    expect(lineOf((log) => log.info({ [name]: "hunter2" }))).not.toContain("hunter2");
    expect(lineOf((log) => log.info({ input: { [name]: "hunter2" } }))).not.toContain("hunter2");
  });

  test("log: redacts tokens in the message and stack of an error", () => {
    expect(lineOf((log) => log.error({ err: new Error(`cannot verify ${TOKEN}`) }))).not.toContain("eyJ");
  });

  test("log: redacts tokens under any field name", () => {
    expect(lineOf((log) => log.info({ seen: { deep: { down: TOKEN } } }, `cookie __acc=${TOKEN}`))).not.toContain(
      "eyJ",
    );
  });

  test("log: redacts tokens in the cause of an error", () => {
    const cause = new Error(`cannot verify ${TOKEN}`);
    const line = lineOf((log) => log.error({ err: new Error("refresh failed", { cause }) }));
    expect(line).not.toContain("eyJ");
    expect(JSON.parse(line).err.cause.message).toBe("cannot verify [token]");
  });

  test("log: leaves out the SQL statement that the driver attaches to an error", () => {
    const err = Object.assign(new Error("Deadlock found"), { code: "ER_LOCK_DEADLOCK", sql: "update … 'hunter2'" });
    const line = lineOf((log) => log.error({ err }));
    expect(line).not.toContain("hunter2");
    expect(JSON.parse(line).err.code).toBe("ER_LOCK_DEADLOCK");
  });
});

test("log: input of a client cannot inject lines or terminal sequences", () => {
  const forged = '/\n{"level":"info","event":"logged-in"}\r\n\u001b[2J\u2028';
  const line = lineOf((log) => log.info({ path: forged, err: new Error(forged) }, forged));
  expect(line.trimEnd()).not.toMatch(/[\n\r\u001b]/);
  expect(JSON.parse(line)).toMatchObject({ level: "info", path: forged, msg: forged });
});

test("log: each line is JSON with a UTC time, a level name and the request id", () => {
  const state = { requestId: "request-1", sessionId: "session-1", userId: "user-1" };
  const line = JSON.parse(lineOf((log) => requestState.run(state, () => log.info("hello"))));
  expect(line).toMatchObject({ level: "info", msg: "hello", ...state });
  expect(new Date(line.time).toISOString()).toBe(line.time);
  expect(line).not.toHaveProperty("pid");
});
