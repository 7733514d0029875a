import "server-only";
import type { Logger } from "pino";
import { logFieldsOf, type RequestState } from "@/server/runtime/request-state";
import type { EntryResponse } from "./response";
import type { RequestContext } from "./request-context";

/** No route has a longer path, and clients must not be able to fill the log. */
const MAX_PATH_CHARACTERS = 256;

/** Logs one line per request. The query is left out because it may contain personal data. */
export function logRequest(log: Logger, response: EntryResponse, context: RequestContext, state: RequestState): void {
  const line = {
    ...logFieldsOf(state),
    method: response.req.method,
    path: loggedPath(context.path),
    status: response.headersSent ? response.statusCode : 0,
    ms: Math.round(performance.now() - context.startedAt),
    address: context.address,
    ...(response.writableFinished ? {} : { aborted: true }),
  };
  log[context.route === "static" ? "debug" : "info"](line, "request");
}

/** A target in another form is left out: an absolute URL may contain a user name and a password (RFC 3986, section 3.2.1). */
function loggedPath(path: string): string {
  if (!path.startsWith("/")) return "(no path)";
  const [withoutFragment = ""] = path.split("#", 1);
  return withoutFragment.length > MAX_PATH_CHARACTERS
    ? `${withoutFragment.slice(0, MAX_PATH_CHARACTERS)}…`
    : withoutFragment;
}
