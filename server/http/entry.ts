import "server-only";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import { Refusal } from "@/server/auth/policy/refusals";
import { requestLifeSeconds } from "@/server/auth/policy/lifetimes";
import type { Env } from "@/server/runtime/env";
import { recordAborted, requestState, stricterOf, type Quota, type RequestState } from "@/server/runtime/request-state";
import { EntryResponse } from "./response";
import { declaresBody, readBody, withBody } from "./body";
import { AddressLimit } from "./request-limit";
import { Connections, connectionLimits } from "./connections";
import { allowListedOrigin, answerPreflight } from "./cors";
import { setResponseHeaders } from "./response-headers";
import { forwardedHeaders, publicAddress } from "./forwarded-headers";
import { hashesPassword, newPasswordAdmissionQueue } from "./password-admission";
import { judgeRequest } from "./judge-request";
import { reject } from "./reject";
import { logRequest } from "./request-log";
import { decodeUnreserved } from "./request-target";
import { securityHeaders } from "./security-headers";
import { isStaticFile } from "./static-files";
import { ParseErrors } from "./parse-errors";
import { RequestContext } from "./request-context";
import { wireCookies } from "./wire-cookies";

export type App = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export type EntrySettings = Pick<
  Env,
  "NODE_ENV" | "APP_ORIGIN" | "CORS_ORIGINS" | "TRUSTED_PROXY_HOPS" | "RATE_LIMIT_FACTOR" | "REFRESH_GRACE_SECONDS"
> & {
  guardedCookies: ReadonlySet<string>;
  connectionsAtMost?: number | undefined;
  /** Paths of the built files; without them every static path is passed on to the app. */
  staticFiles?: ReadonlySet<string> | null;
};

const REQUESTS_PER_MINUTE = 600;
/** A page asks for some thirty, once; an office behind one address asks for them together. */
const FILES_PER_MINUTE = 6000;
const ADDRESSES_COUNTED_AT_MOST = 50_000;
/** The first compilation of a page takes as long as it takes. */
const DEVELOPMENT_REQUEST_SECONDS = 300;

const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  // Longer than the 60 s of common proxies: whoever reuses a connection must not find it just closed.
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
};

/** The server in front of the app: everything that concerns every request alike happens here, once. */
export function createEntry(app: App, settings: EntrySettings, log: Logger): Server {
  const { CORS_ORIGINS: corsOrigins } = settings;
  const isDevelopment = settings.NODE_ENV === "development";
  const security = securityHeaders(settings.APP_ORIGIN, isDevelopment);
  const address = publicAddress(settings.APP_ORIGIN);
  const cookies = wireCookies(settings.APP_ORIGIN, settings.guardedCookies);
  const rules = { guardedCookies: cookies.guarded, isOpenToOtherOrigins: corsOrigins.length > 0 };
  const limit = Math.max(1, Math.floor(REQUESTS_PER_MINUTE * settings.RATE_LIMIT_FACTOR));
  const hashingLine = newPasswordAdmissionQueue();
  const ceiling = new AddressLimit(limit, 60, ADDRESSES_COUNTED_AT_MOST);
  const fileLimit = Math.max(1, Math.floor(FILES_PER_MINUTE * settings.RATE_LIMIT_FACTOR));
  const fileCeiling = new AddressLimit(fileLimit, 60, ADDRESSES_COUNTED_AT_MOST);
  const { staticFiles = null } = settings;
  const lifeSeconds = isDevelopment ? DEVELOPMENT_REQUEST_SECONDS : requestLifeSeconds(settings.REFRESH_GRACE_SECONDS);

  // A request's line has only fields that are chosen there: looking for secrets in it costs as much as writing it.
  const requestLog = log.child({}, { redact: [] });

  // Without a Host it is refused like any other malformed request, not by Node in its own bare words.
  const server = createServer({ ...TIMEOUTS, ServerResponse: EntryResponse, requireHostHeader: false }, receive);
  // Node drops the header lines beyond a count in silence, and what a proxy adds stands last. Their size, 16 kB, bounds them.
  server.maxHeadersCount = 0;
  server.on("checkContinue", receive);
  server.on("checkExpectation", receive);
  // Failing to listen is reported by whatever started the server; failing to accept concerns one connection.
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (error.syscall === "accept") log.error({ err: error }, "a connection could not be accepted");
  });
  const unreadable = new ParseErrors(security, log);
  const connections = new Connections(server, connectionLimits(settings), (socket) =>
    unreadable.refuse(socket, 503, "too many connections", 0),
  );
  unreadable.listen(server, connections);
  return server;

  function receive(request: IncomingMessage, response: ServerResponse): void {
    request.url = decodeUnreserved(request.url ?? "");
    const answer = response as EntryResponse;
    connections.begin(answer);
    const visit = new RequestContext(request, settings.TRUSTED_PROXY_HOPS, isDevelopment);
    const notes: RequestState = { requestId: visit.requestId };
    const renameCookies = cookies.receive(request);
    answer.beforeHead = () => {
      if (notes.quota) visit.quota = stricterOf(visit.quota, notes.quota);
      if (rules.isOpenToOtherOrigins && visit.route === "call") allowListedOrigin(request, answer, corsOrigins);
      renameCookies?.(answer);
      setResponseHeaders(answer, visit, security, !server.listening);
    };
    const cutOff = setTimeout(() => {
      if (answer.headersSent) return answer.destroy();
      recordAborted(notes, false);
      reject(answer, visit, { reason: "UNAVAILABLE", retryAfterSeconds: 1 });
    }, lifeSeconds * 1000);
    answer.once("close", () => {
      clearTimeout(cutOff);
      if (!answer.writableFinished) recordAborted(notes, answer.headersSent);
      logRequest(requestLog, answer, visit, notes);
    });

    if (visit.route === "static" && !visit.isTooling && staticFiles !== null)
      visit.isMissingFile = !isStaticFile(visit.path, staticFiles);
    visit.quota = spend(visit);
    const objection = judgeRequest(request, visit, rules);
    if (objection !== null) return reject(answer, visit, objection);
    if (request.method === "OPTIONS") return answerPreflight(request, answer, visit, corsOrigins);
    void requestState.run(notes, forward, request, answer, visit);
  }

  /** Probes are not counted: an orchestrator would restart an instance that answers 429. */
  function spend(visit: RequestContext): Quota | null {
    if (visit.route === "health" || visit.isTooling) return null;
    if (visit.route !== "static" || visit.isMissingFile) return ceiling.spend(visit.address, visit.startedAt);
    const quota = fileCeiling.spend(visit.address, visit.startedAt);
    return quota.isExceeded ? quota : null;
  }

  async function forward(request: IncomingMessage, answer: EntryResponse, visit: RequestContext): Promise<void> {
    try {
      request.headers = forwardedHeaders(request.headers, request.url ?? "/", visit, address, security, isDevelopment);
      if (visit.isTooling || !declaresBody(request)) return await handOver(request, answer, visit);

      if (request.headers.expect !== undefined) answer.writeContinue();
      const body = await readBody(request);
      // Cut off while the body was still coming in.
      if (body === "gone" || answer.headersSent) return;
      if (body === "too large") return reject(answer, visit, { reason: "TOO_LARGE" });
      await handOver(withBody(request, body), answer, visit);
    } catch (error) {
      // What was cut off fails when it tries to go on writing.
      if (answer.writableEnded || answer.destroyed) return log.debug({ err: error }, "failed after its answer was out");
      if (error instanceof Refusal) return reject(answer, visit, { reason: error.reason, ...error.details });
      log.error({ err: error }, "request failed");
      if (answer.headersSent) answer.destroy();
      else reject(answer, visit, null);
    }
  }

  async function handOver(request: IncomingMessage, answer: EntryResponse, visit: RequestContext): Promise<void> {
    if (!hashesPassword(request.method, visit.path)) return app(request, answer);
    await hashingLine.run(async () => {
      // Nobody waits for this one any more.
      if (answer.headersSent || answer.destroyed) return;
      // Free again when the app has ended the answer, sent or not, or the connection has closed: a slow reader holds no place.
      const over = new Promise<void>((resolve) => answer.once("ended", resolve).once("close", resolve));
      await Promise.race([over, Promise.resolve(app(request, answer)).then(() => over)]);
    });
  }
}
