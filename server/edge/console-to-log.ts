import "server-only";
import { format } from "node:util";
import type { Logger } from "pino";

/** What the framework prints becomes a line of the log, so that one place decides what an error may tell. */
export function sendConsoleToLog(log: Logger): void {
  const sendAs =
    (level: "error" | "warn") =>
    (...printed: unknown[]) => {
      const err = printed.find((value) => value instanceof Error);
      const text = format(...printed.filter((value) => value !== err));
      log[level](err === undefined ? {} : { err }, text || "printed");
    };
  console.error = sendAs("error");
  console.warn = sendAs("warn");
}
