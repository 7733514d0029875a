import "server-only";
import { format } from "node:util";
import type { Logger } from "pino";

/** What the framework prints becomes a line of the log, so that one place decides what an error may tell, and how it is written. */
export function redirectConsoleToLog(log: Logger): void {
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
  redirectStandardStreamsToLog(log);
}

/** A library that writes past the console would block the process while nobody reads, or end it when the output is closed. */
function redirectStandardStreamsToLog(log: Logger): void {
  const sendAs =
    (level: "error" | "info") =>
    (chunk: string | Uint8Array, ...rest: unknown[]) => {
      const text = (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()).trimEnd();
      if (text !== "") log[level](text);
      const done = rest.find((value) => typeof value === "function");
      if (done) process.nextTick(done as () => void);
      return true;
    };
  Object.assign(process.stdout, { write: sendAs("info") });
  Object.assign(process.stderr, { write: sendAs("error") });
}

/** Node prints warnings to standard error by itself, with a write that may block. */
export function redirectWarningsToLog(log: Logger): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning) => log.warn({ err: warning }, "warning"));
}
