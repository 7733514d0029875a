import { request as httpRequest, type Agent, type IncomingMessage } from "node:http";

export interface HttpRequest {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
  port: number;
  /** The client's address, in 127.0.0.0/8. */
  localAddress?: string;
  /** A response that starts later is not received. */
  timeoutMilliseconds: number;
  /** Receives the local port before the first byte is sent. */
  onConnect?: (localPort: number) => void;
  /** Closes the connection this long after connecting, unless the response has started. */
  abortAfterMilliseconds?: number;
  /** Called when the response headers arrive: a browser stores cookies even if the body is lost. */
  onHead?: (setCookies: readonly string[]) => void;
  /** Aborts the request, also while the body is read. */
  signal?: AbortSignal;
  /** For kept-alive connections; without it each request opens its own. */
  agent?: Agent;
}

export interface HttpResponse {
  kind: "answered";
  status: number;
  location: string | null;
  setCookies: readonly string[];
  retryAfter: string | null;
  requestId: string;
  body: string;
  /** Until the response headers arrived. */
  milliseconds: number;
}

export type HttpOutcome = HttpResponse | { kind: "lost"; why: string; milliseconds: number };

// On other systems 127.0.0.1 is the only loopback address.
const hasLoopbackNetwork = process.platform === "linux";

/** Sends one request to this machine. Follows no redirect and never throws. */
export function sendRequest(options: HttpRequest): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const timers: NodeJS.Timeout[] = [];
    const settle = (outcome: HttpOutcome) => {
      timers.forEach(clearTimeout);
      resolve(outcome);
    };
    const request = httpRequest({
      host: "127.0.0.1",
      port: options.port,
      ...(hasLoopbackNetwork ? { localAddress: options.localAddress } : {}),
      method: options.method,
      path: options.path,
      headers: {
        ...options.headers,
        ...(options.body === undefined ? {} : { "content-length": Buffer.byteLength(options.body) }),
      },
      agent: options.agent ?? false,
      signal: options.signal,
    });
    const lose = (why: string) => {
      settle({ kind: "lost", why, milliseconds: performance.now() - startedAt });
      request.destroy();
    };
    timers.push(setTimeout(lose, options.timeoutMilliseconds, "timeout"));
    request.once("socket", (socket) => {
      if (!socket.connecting) return;
      socket.once("connect", () => {
        options.onConnect?.(socket.localPort ?? 0);
        if (options.abortAfterMilliseconds !== undefined)
          timers.push(setTimeout(lose, options.abortAfterMilliseconds, "aborted"));
      });
    });
    request.on("error", (error: NodeJS.ErrnoException) => lose(error.code ?? error.message));
    request.once("response", (response) => {
      // On a busy event loop this event can run before the timer that was due first.
      if (performance.now() - startedAt > options.timeoutMilliseconds) return lose("timeout");
      timers.forEach(clearTimeout);
      readResponse(response, options, startedAt, settle);
    });
    request.end(options.body);
  });
}

function readResponse(
  response: IncomingMessage,
  options: HttpRequest,
  startedAt: number,
  settle: (response: HttpResponse) => void,
): void {
  const setCookies = response.headers["set-cookie"] ?? [];
  options.onHead?.(setCookies);
  const milliseconds = performance.now() - startedAt;
  let body = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
  response.on("error", () => {});
  response.once("close", () =>
    settle({
      kind: "answered",
      status: response.statusCode ?? 0,
      location: response.headers.location ?? null,
      setCookies,
      retryAfter: response.headers["retry-after"] ?? null,
      requestId: String(response.headers["x-request-id"] ?? ""),
      body,
      milliseconds,
    }),
  );
}
