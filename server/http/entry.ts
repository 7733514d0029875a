import "server-only";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import { Refusal } from "@/server/auth/policy/refusals";
import { requestTimeoutSeconds } from "@/server/auth/policy/lifetimes";
import { MAILBOX } from "@/server/auth/policy/routes";
import type { Env } from "@/server/runtime/env";
import { recordAborted, requestState, stricterOf, type Quota, type RequestState } from "@/server/runtime/request-state";
import { EntryResponse } from "./response";
import { declaresBody, readBody, withBufferedBody } from "./body";
import { AddressLimiter } from "./request-limit";
import { Connections, connectionLimits } from "./connections";
import { setCorsHeaders, respondToPreflight } from "./cors";
import { setResponseHeaders } from "./response-headers";
import { forwardedHeaders, parsePublicOrigin } from "./forwarded-headers";
import { hashesPassword, createPasswordAdmissionQueue } from "./password-admission";
import { judgeRequest } from "./judge-request";
import { reject } from "./reject";
import { logRequest } from "./request-log";
import { decodeUnreserved, withoutEncodedFragment } from "./request-target";
import { securityHeaders } from "./security-headers";
import { isStaticFile } from "./static-files";
import { ParseErrorHandler } from "./parse-errors";
import { RequestContext } from "./request-context";
import { createCookieTranslator } from "./cookie-names";

export type App = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export type EntrySettings = Pick<
  Env,
  "NODE_ENV" | "APP_ORIGIN" | "CORS_ORIGINS" | "TRUSTED_PROXY_HOPS" | "RATE_LIMIT_FACTOR" | "REFRESH_GRACE_SECONDS"
> & {
  guardedCookies: ReadonlySet<string>;
  maxConnections?: number | undefined;
  /** Paths of the built files. If null, the app handles every static path. */
  staticFiles?: ReadonlySet<string> | null;
  /** Whether MAILBOX shows mails. */
  hasMailbox?: boolean;
};

const REQUESTS_PER_MINUTE = 600;
/** A page loads about thirty files, once; all clients behind one NAT address share the limit. */
const FILES_PER_MINUTE = 6000;
/** The first request for a page waits until Next has compiled it. */
const DEVELOPMENT_TIMEOUT_SECONDS = 300;

const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  // Longer than the 60 s of common proxies, so that a proxy does not reuse a connection that we are closing.
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
};

/** The HTTP server in front of the app. It does what applies to every request: address, id, limits, checks, headers, log line. */
export function createEntry(app: App, settings: EntrySettings, log: Logger): Server {
  const { CORS_ORIGINS: corsOrigins, hasMailbox = false } = settings;
  const isDevelopment = settings.NODE_ENV === "development";
  const security = securityHeaders(settings.APP_ORIGIN, isDevelopment);
  const mailboxSecurity = { ...security, documentPolicy: security.mailboxPolicy };
  const securityOf = ({ path }: RequestContext) => (hasMailbox && path === MAILBOX ? mailboxSecurity : security);
  const publicOrigin = parsePublicOrigin(settings.APP_ORIGIN);
  const cookieTranslator = createCookieTranslator(settings.APP_ORIGIN, settings.guardedCookies);
  const rules = { guardedCookies: cookieTranslator.guarded, isCorsEnabled: corsOrigins.length > 0, hasMailbox };
  const requestsPerMinute = Math.max(1, Math.floor(REQUESTS_PER_MINUTE * settings.RATE_LIMIT_FACTOR));
  const passwordAdmission = createPasswordAdmissionQueue();
  const requestLimiter = new AddressLimiter(requestsPerMinute, 60);
  const filesPerMinute = Math.max(1, Math.floor(FILES_PER_MINUTE * settings.RATE_LIMIT_FACTOR));
  const fileLimiter = new AddressLimiter(filesPerMinute, 60);
  const { staticFiles = null } = settings;
  const timeoutSeconds = isDevelopment
    ? DEVELOPMENT_TIMEOUT_SECONDS
    : requestTimeoutSeconds(settings.REFRESH_GRACE_SECONDS);

  // logRequest() chooses every field of its line, and searching it for secrets would cost as much as writing it.
  const requestLog = log.child({}, { redact: [] });

  // judgeRequest() rejects a missing Host header with our error body instead of the empty one of Node.
  const server = createServer({ ...TIMEOUTS, ServerResponse: EntryResponse, requireHostHeader: false }, handleRequest);
  // By default Node silently drops header lines beyond a count, and a proxy appends its own last. The 16 kB size limit remains.
  server.maxHeadersCount = 0;
  server.on("checkContinue", handleRequest);
  server.on("checkExpectation", handleRequest);
  // A failed accept affects one connection only; a failed listen is reported by main.ts.
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (error.syscall === "accept") log.error({ err: error }, "could not accept a connection");
  });
  const parseErrors = new ParseErrorHandler(security, log);
  const connections = new Connections(server, connectionLimits(settings), (socket) =>
    parseErrors.respondAndClose(socket, 503, "too many connections", 0),
  );
  parseErrors.attach(server, connections);
  return server;

  function handleRequest(request: IncomingMessage, serverResponse: ServerResponse): void {
    request.url = withoutEncodedFragment(decodeUnreserved(request.url ?? ""));
    const response = serverResponse as EntryResponse;
    connections.trackResponse(response);
    const context = new RequestContext(request, settings.TRUSTED_PROXY_HOPS, isDevelopment);
    const state: RequestState = { requestId: context.requestId };
    const renameCookies = cookieTranslator.translateRequest(request);
    response.beforeHeaders = () => {
      if (state.quota) context.quota = stricterOf(context.quota, state.quota);
      if (rules.isCorsEnabled && context.route === "call") setCorsHeaders(request, response, corsOrigins);
      renameCookies?.(response);
      setResponseHeaders(response, context, securityOf(context), !server.listening);
    };
    const timeout = setTimeout(() => {
      if (response.headersSent) return response.destroy();
      recordAborted(state, false);
      reject(response, context, { reason: "UNAVAILABLE", retryAfterSeconds: 1 });
    }, timeoutSeconds * 1000);
    response.once("close", () => {
      clearTimeout(timeout);
      if (!response.writableFinished) recordAborted(state, response.headersSent);
      logRequest(requestLog, response, context, state);
    });

    if (context.route === "static" && !context.isDevelopmentTool && staticFiles !== null)
      context.isMissingFile = !isStaticFile(context.path, staticFiles);
    context.quota = countRequest(context);
    const rejection = judgeRequest(request, context, rules);
    if (rejection !== null) return reject(response, context, rejection);
    if (request.method === "OPTIONS") return respondToPreflight(request, response, context, corsOrigins);
    void requestState.run(state, forward, request, response, context);
  }

  /** Health probes are not counted: an orchestrator would restart an instance that responds with 429. */
  function countRequest(context: RequestContext): Quota | null {
    if (context.route === "health" || context.isDevelopmentTool) return null;
    if (context.route !== "static" || context.isMissingFile)
      return requestLimiter.consume(context.address, context.startedAt);
    const quota = fileLimiter.consume(context.address, context.startedAt);
    return quota.isExceeded ? quota : null;
  }

  async function forward(request: IncomingMessage, response: EntryResponse, context: RequestContext): Promise<void> {
    try {
      request.headers = forwardedHeaders(
        request.headers,
        request.url ?? "/",
        context,
        publicOrigin,
        securityOf(context),
        isDevelopment,
      );
      if (context.isDevelopmentTool || !declaresBody(request)) return await callApp(request, response, context);

      if (request.headers.expect !== undefined) response.writeContinue();
      const body = await readBody(request);
      // The client disconnected or the timeout responded while the body was arriving.
      if (body === "aborted" || response.headersSent) return;
      if (body === "too large") return reject(response, context, { reason: "TOO_LARGE" });
      await callApp(withBufferedBody(request, body), response, context);
    } catch (error) {
      // After a timeout the app fails when it continues to write.
      if (response.writableEnded || response.destroyed)
        return log.debug({ err: error }, "request failed after its response had ended");
      if (error instanceof Refusal) return reject(response, context, { reason: error.reason, ...error.details });
      log.error({ err: error }, "request failed");
      if (response.headersSent) response.destroy();
      else reject(response, context, null);
    }
  }

  async function callApp(request: IncomingMessage, response: EntryResponse, context: RequestContext): Promise<void> {
    if (!hashesPassword(request.method, context.path)) return app(request, response);
    await passwordAdmission.run(async () => {
      // The client disconnected or the timeout responded while the call was queued.
      if (response.headersSent || response.destroyed) return;
      // The slot is released when the app has ended the response, even if it is not sent yet: a slow client must not hold a slot.
      const ended = new Promise<void>((resolve) => response.once("ended", resolve).once("close", resolve));
      await Promise.race([ended, Promise.resolve(app(request, response)).then(() => ended)]);
    });
  }
}
