import "server-only";
import { format } from "node:util";
import type { Logger } from "pino";

/** What the framework prints becomes a line of the log, so that one place decides what an error may tell, and how it is written. */
export function sendConsoleToLog(log: Logger): void {
  const sendAs =
    (level: "error" | "warn" | "info" | "debug") =>
    (...printed: unknown[]) => {
      const err = printed.find((value) => value instanceof Error);
      const text = format(...printed.filter((value) => value !== err));
      log[level](err === undefined ? {} : { err }, text || "printed");
    };
  console.error = sendAs("error");
  console.warn = sendAs("warn");
  console.info = sendAs("info");
  console.log = sendAs("info");
  console.debug = sendAs("debug");
  console.trace = sendAs("debug");
}

/** Node prints warnings to standard error by itself, with a write that may block. */
export function sendWarningsToLog(log: Logger): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning) => log.warn({ err: warning }, "warning"));
}

/** Without a listener, a write to a closed or full output ends the process, whichever library made it. */
export function ignoreOutputErrors(): void {
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {});
}
