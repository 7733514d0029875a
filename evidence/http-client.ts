import { request as httpRequest, type Agent, type IncomingMessage } from "node:http";

export interface Request {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
  port: number;
  /** Where the client seems to be: something in 127.0.0.0/8. */
  address: string;
  /** After this the client has given up: an answer that comes later is not received. */
  lifeMilliseconds: number;
  /** Told the local port once it is known, before a byte is sent. */
  onConnect?: (localPort: number) => void;
  /** The client hangs up so long after it has asked, unless the head of the answer was faster. */
  hangUpAfterMilliseconds?: number;
  /** Called as the head of the answer arrives: a browser keeps its cookies even if the rest never comes. */
  onHead?: (setCookies: readonly string[]) => void;
  signal?: AbortSignal;
  /** Keeps connections open from one request to the next; without it each has its own. */
  agent?: Agent;
}

export interface Answer {
  kind: "answered";
  status: number;
  location: string | null;
  setCookies: readonly string[];
  retryAfter: string | null;
  requestId: string;
  text: string;
  milliseconds: number;
}

export type Outcome = Answer | { kind: "lost"; why: string; milliseconds: number };

// Elsewhere only 127.0.0.1 is an address of this machine.
const hasLoopbackNetwork = process.platform === "linux";

/** One request, and what became of it. Never throws. */
export function exchange(asked: Request): Promise<Outcome> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const timers: NodeJS.Timeout[] = [];
    const settle = (outcome: Outcome) => {
      timers.forEach(clearTimeout);
      resolve(outcome);
    };
    const request = httpRequest({
      host: "127.0.0.1",
      port: asked.port,
      ...(hasLoopbackNetwork ? { localAddress: asked.address } : {}),
      method: asked.method,
      path: asked.path,
      headers: {
        ...asked.headers,
        ...(asked.body === undefined ? {} : { "content-length": Buffer.byteLength(asked.body) }),
      },
      agent: asked.agent ?? false,
      signal: asked.signal,
    });
    const lose = (why: string) => {
      settle({ kind: "lost", why, milliseconds: performance.now() - startedAt });
      request.destroy();
    };
    timers.push(setTimeout(lose, asked.lifeMilliseconds, "late"));
    request.once("socket", (socket) => {
      if (!socket.connecting) return;
      socket.once("connect", () => {
        asked.onConnect?.(socket.localPort ?? 0);
        if (asked.hangUpAfterMilliseconds !== undefined)
          timers.push(setTimeout(lose, asked.hangUpAfterMilliseconds, "hung up"));
      });
    });
    request.on("error", (error: NodeJS.ErrnoException) => lose(error.code ?? error.message));
    request.once("response", (response) => {
      // The event may be older than the timer that stands behind it in the queue.
      if (performance.now() - startedAt > asked.lifeMilliseconds) return lose("late");
      timers.forEach(clearTimeout);
      receive(response, asked, startedAt, settle);
    });
    request.end(asked.body);
  });
}

function receive(response: IncomingMessage, asked: Request, startedAt: number, settle: (answer: Answer) => void): void {
  const setCookies = response.headers["set-cookie"] ?? [];
  asked.onHead?.(setCookies);
  const milliseconds = performance.now() - startedAt;
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  response.on("error", () => {});
  response.once("close", () =>
    settle({
      kind: "answered",
      status: response.statusCode ?? 0,
      location: response.headers.location ?? null,
      setCookies,
      retryAfter: response.headers["retry-after"] ?? null,
      requestId: String(response.headers["x-request-id"] ?? ""),
      text,
      milliseconds,
    }),
  );
}
