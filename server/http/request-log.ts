import "server-only";
import type { Logger } from "pino";
import { loggedFields, type RequestState } from "@/server/runtime/request-state";
import type { EntryResponse } from "./response";
import type { RequestContext } from "./request-context";

/** Longer paths are nobody's, and a log is not to be filled by whoever sends them. */
const PATH_CHARACTERS_AT_MOST = 256;

/** The one line a request leaves behind: its path, never its query, which may hold what people typed. */
export function logRequest(log: Logger, answer: EntryResponse, visit: RequestContext, notes: RequestState): void {
  const line = {
    ...loggedFields(notes),
    method: answer.req.method,
    path: loggedPath(visit.path),
    status: answer.headersSent ? answer.statusCode : 0,
    ms: Math.round(performance.now() - visit.startedAt),
    address: visit.address,
    ...(answer.writableFinished ? {} : { cutShort: true }),
  };
  log[visit.route === "static" ? "debug" : "info"](line, "request");
}

/** Of another form of target only that it was one: before a host may stand a name and a password (RFC 3986, section 3.2.1). */
function loggedPath(path: string): string {
  if (!path.startsWith("/")) return "(no path)";
  const [plain = ""] = path.split("#", 1);
  return plain.length > PATH_CHARACTERS_AT_MOST ? `${plain.slice(0, PATH_CHARACTERS_AT_MOST)}…` : plain;
}
