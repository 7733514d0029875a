import { request as httpRequest, type Agent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

/** Header lines in order; a name may be repeated. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** A port of this machine. */
export interface Endpoint {
  port: number;
  /** The certificate authority of an https port; absent or null for plain HTTP. */
  caCertificate?: string | null;
}

export interface HttpRequest extends Endpoint {
  method?: "GET" | "POST";
  path: string;
  headers?: Record<string, string> | HeaderLines;
  body?: string | Buffer;
  framing?: "length" | "chunks";
  /** The client's address, in 127.0.0.0/8 or an IPv6 address of this machine. */
  localAddress?: string;
  /** A response that starts later is not received. */
  timeoutMilliseconds?: number;
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
  headers: IncomingHttpHeaders;
  location: string | null;
  setCookies: readonly string[];
  retryAfter: string | null;
  requestId: string;
  body: string;
  /** The bytes of the body as received, compressed or not. */
  content: Buffer;
  /** False if the connection was closed before the end of the body. */
  isComplete: boolean;
  /** Until the response headers arrived. */
  milliseconds: number;
}

export type HttpOutcome = HttpResponse | { kind: "lost"; why: string; milliseconds: number };

const TIMEOUT_MILLISECONDS = 30_000;
// On other systems 127.0.0.1 is the only loopback address.
const hasLoopbackNetwork = process.platform === "linux";

/** Sends one request to this machine. Follows no redirect and never throws. */
export function sendRequest(options: HttpRequest): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    const { port, caCertificate, localAddress, timeoutMilliseconds = TIMEOUT_MILLISECONDS } = options;
    const startedAt = performance.now();
    const timers: NodeJS.Timeout[] = [];
    const settle = (outcome: HttpOutcome) => {
      timers.forEach(clearTimeout);
      resolve(outcome);
    };
    const target = {
      host: localAddress?.includes(":") ? "::1" : "127.0.0.1",
      port,
      ...(hasLoopbackNetwork ? { localAddress } : {}),
      method: options.method ?? "GET",
      path: options.path,
      headers: headerLines(options).flat(),
      setHost: false,
      agent: options.agent ?? false,
      signal: options.signal,
    };
    const request =
      caCertificate == null
        ? httpRequest(target)
        : httpsRequest({ ...target, servername: "localhost", ca: caCertificate });
    const lose = (why: string) => {
      settle({ kind: "lost", why, milliseconds: performance.now() - startedAt });
      request.destroy();
    };
    timers.push(setTimeout(lose, timeoutMilliseconds, "timeout"));
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
      if (performance.now() - startedAt > timeoutMilliseconds) return lose("timeout");
      timers.forEach(clearTimeout);
      readResponse(response, options, startedAt, settle);
    });
    request.end(options.body);
  });
}

/** Sends one request to this machine and throws unless the whole response arrives in time. */
export async function fetchResponse(options: HttpRequest): Promise<HttpResponse> {
  const signal = AbortSignal.timeout(options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS);
  const outcome = await sendRequest({ signal, ...options });
  if (outcome.kind === "lost") throw new Error(`${options.path} got no response: ${outcome.why}`);
  if (!outcome.isComplete) throw new Error(`The response of ${options.path} was cut off`);
  return outcome;
}

/** Node adds neither Host nor Content-Length to headers that are given as lines. */
function headerLines({ port, method, headers = {}, body = "", framing = "length" }: HttpRequest): HeaderLines {
  const given = Array.isArray(headers) ? (headers as HeaderLines) : Object.entries(headers);
  const hasHost = given.some(([name]) => name.toLowerCase() === "host");
  return [
    ...(hasHost ? [] : [["Host", `localhost:${port}`] as const]),
    ...given,
    ...(method !== "POST"
      ? []
      : framing === "length"
        ? [["Content-Length", String(Buffer.byteLength(body))] as const]
        : [["Transfer-Encoding", "chunked"] as const]),
  ];
}

function readResponse(
  response: IncomingMessage,
  options: HttpRequest,
  startedAt: number,
  settle: (response: HttpResponse) => void,
): void {
  const { headers } = response;
  const setCookies = headers["set-cookie"] ?? [];
  options.onHead?.(setCookies);
  const milliseconds = performance.now() - startedAt;
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("error", () => {});
  response.once("close", () => {
    const content = Buffer.concat(chunks);
    settle({
      kind: "answered",
      status: response.statusCode ?? 0,
      headers,
      location: headers.location ?? null,
      setCookies,
      retryAfter: headers["retry-after"] ?? null,
      requestId: String(headers["x-request-id"] ?? ""),
      body: content.toString(),
      content,
      isComplete: response.complete,
      milliseconds,
    });
  });
}
