import "server-only";
import type { Logger } from "pino";
import { logFieldsOf, type RequestState } from "@/server/runtime/request-state";
import type { EntryResponse } from "./response";
import type { RequestContext } from "./request-context";

/** Longer paths are nobody's, and a log is not to be filled by whoever sends them. */
const MAX_PATH_CHARACTERS = 256;

/** The one line a request leaves behind: its path, never its query, which may hold what people typed. */
export function logRequest(log: Logger, response: EntryResponse, context: RequestContext, state: RequestState): void {
  const line = {
    ...logFieldsOf(state),
    method: response.req.method,
    path: loggedPath(context.path),
    status: response.headersSent ? response.statusCode : 0,
    ms: Math.round(performance.now() - context.startedAt),
    address: context.address,
    ...(response.writableFinished ? {} : { cutShort: true }),
  };
  log[context.route === "static" ? "debug" : "info"](line, "request");
}

/** Of another form of target only that it was one: before a host may stand a name and a password (RFC 3986, section 3.2.1). */
function loggedPath(path: string): string {
  if (!path.startsWith("/")) return "(no path)";
  const [plain = ""] = path.split("#", 1);
  return plain.length > MAX_PATH_CHARACTERS ? `${plain.slice(0, MAX_PATH_CHARACTERS)}…` : plain;
}
