import "server-only";
import { format } from "node:util";
import type { Logger } from "pino";

/** Writes console output of the framework to the log, so that the redaction and the format of the log apply to it. */
export function redirectConsoleToLog(log: Logger): void {
  const logAs =
    (level: "error" | "warn" | "info" | "debug") =>
    (...args: unknown[]) => {
      const err = args.find((value) => value instanceof Error);
      const text = format(...args.filter((value) => value !== err));
      log[level](err === undefined ? {} : { err }, text || "console output");
    };
  console.error = logAs("error");
  console.warn = logAs("warn");
  console.info = logAs("info");
  console.log = logAs("info");
  console.debug = logAs("debug");
  console.trace = logAs("debug");
  redirectStandardStreamsToLog(log);
}

/** A direct write to a stalled pipe would block the process, and one to a closed pipe would end it. */
function redirectStandardStreamsToLog(log: Logger): void {
  const logAs =
    (level: "error" | "info") =>
    (chunk: string | Uint8Array, ...rest: unknown[]) => {
      const text = (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()).trimEnd();
      if (text !== "") log[level](text);
      const callback = rest.find((value) => typeof value === "function");
      if (callback) process.nextTick(callback as () => void);
      return true;
    };
  Object.assign(process.stdout, { write: logAs("info") });
  Object.assign(process.stderr, { write: logAs("error") });
}

/** Node writes warnings to standard error synchronously, which could block. */
export function redirectWarningsToLog(log: Logger): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning) => log.warn({ err: warning }, "warning"));
}
