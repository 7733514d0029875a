import { expect, onTestFinished, test } from "vitest";
import { createLog } from "@/server/log";
import { sendConsoleToLog, sendWarningsToLog } from "./console-to-log";

test("what the framework prints becomes a line that tells no secret", () => {
  const { error, warn, info, log, debug, trace } = console;
  onTestFinished(() => void Object.assign(console, { error, warn, info, log, debug, trace }));
  const lines: string[] = [];
  sendConsoleToLog(createLog({ write: (line) => lines.push(line) }));

  console.error(" ⨯", Object.assign(new Error("Deadlock found"), { sql: "update … 'hunter2'" }));
  console.warn("slow: %s", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl");
  console.log("Ready in %d ms", 5);

  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "error", msg: " ⨯", err: { message: "Deadlock found" } },
    { level: "warn", msg: "slow: [token]" },
    { level: "info", msg: "Ready in 5 ms" },
  ]);
  expect(lines.join("")).not.toMatch(/hunter2|eyJ/);
});

test("a warning of Node becomes a line, and is not printed", async () => {
  const listeners = process.listeners("warning");
  onTestFinished(() => {
    process.removeAllListeners("warning");
    for (const listener of listeners) process.on("warning", listener);
  });
  const lines: string[] = [];
  sendWarningsToLog(createLog({ write: (line) => lines.push(line) }));
  expect(process.listenerCount("warning")).toBe(1);

  process.emitWarning("a leak, perhaps");
  await expect.poll(() => lines).toHaveLength(1);

  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", err: { message: "a leak, perhaps" } });
});
