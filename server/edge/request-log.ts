import "server-only";
import type { Logger } from "pino";
import { loggedNotes, type RequestNotes } from "@/server/request-notes";
import type { Answer } from "./answer";
import type { Visit } from "./visit";

/** The one line a request leaves behind: its path, never its query, which may hold what people typed. */
export function logRequest(log: Logger, answer: Answer, visit: Visit, notes: RequestNotes): void {
  const line = {
    ...loggedNotes(notes),
    method: answer.req.method,
    path: visit.path,
    status: answer.headersSent ? answer.statusCode : 0,
    ms: Math.round(performance.now() - visit.startedAt),
    address: visit.address,
    ...(answer.writableFinished ? {} : { cutShort: true }),
  };
  log[visit.route === "static" ? "debug" : "info"](line, "request");
}
