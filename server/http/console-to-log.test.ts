import { expect, onTestFinished, test } from "vitest";
import { createLog } from "@/server/runtime/log";
import { redirectConsoleToLog, redirectWarningsToLog } from "./console-to-log";

test("console output of the framework is logged with secrets redacted", async () => {
  const { error, warn, info, log, debug, trace } = console;
  const writes = [process.stdout, process.stderr].map((output) => ({ output, write: output.write }));
  onTestFinished(() => {
    Object.assign(console, { error, warn, info, log, debug, trace });
    for (const { output, write } of writes) output.write = write;
  });
  const lines: string[] = [];
  redirectConsoleToLog(createLog({ write: (line) => lines.push(line) }));

  console.error(" ⨯", Object.assign(new Error("Deadlock found"), { sql: "update … 'hunter2'" }));
  console.warn("slow: %s", "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl");
  console.log("Ready in %d ms", 5);
  const written = new Promise<void>((resolve) => process.stdout.write(Buffer.from("by a library\n"), () => resolve()));
  process.stderr.write("its trouble: eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl\n", "utf8");
  await written;

  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "error", msg: " ⨯", err: { message: "Deadlock found" } },
    { level: "warn", msg: "slow: [token]" },
    { level: "info", msg: "Ready in 5 ms" },
    { level: "info", msg: "by a library" },
    { level: "error", msg: "its trouble: [token]" },
  ]);
  expect(lines.join("")).not.toMatch(/hunter2|eyJ/);
});

test("warnings of Node are logged and not printed", async () => {
  const listeners = process.listeners("warning");
  onTestFinished(() => {
    process.removeAllListeners("warning");
    for (const listener of listeners) process.on("warning", listener);
  });
  const lines: string[] = [];
  redirectWarningsToLog(createLog({ write: (line) => lines.push(line) }));
  expect(process.listenerCount("warning")).toBe(1);

  process.emitWarning("a leak, perhaps");
  await expect.poll(() => lines).toHaveLength(1);

  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", err: { message: "a leak, perhaps" } });
});
