import { connect } from "node:net";
import { parseResponses, type ParsedResponse } from "./http-response-parser";
import type { RenderedRequest } from "./rendered-request";

/** One second more than the server's own timeout, for a busy machine. */
export const RESPONSE_TIMEOUT_SECONDS = 13;
/** How long to wait for a second response to one request. */
const LINGER_MILLISECONDS = 30;

export interface SendOutcome {
  responses: ParsedResponse[];
  /** Bytes after the last complete response. */
  rest: string;
  /** Null if neither a response nor the end of the connection arrived in time. */
  milliseconds: number | null;
}

export interface SendOptions {
  /** Half-closes the connection after the bytes, although more may have been announced. */
  halfCloses: boolean;
  /** Waits for a second response, which must not arrive. */
  lingers: boolean;
}

/** Sends the bytes unchanged on a new connection. Never throws. */
export function sendBytes(
  port: number,
  rendered: RenderedRequest,
  { halfCloses, lingers }: SendOptions,
): Promise<SendOutcome> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let received = Buffer.alloc(0);
    let respondedAt: number | null = null;
    const socket = connect(port, "127.0.0.1");
    const settle = (isOver: boolean, isLate = false) => {
      clearTimeout(limit);
      socket.destroy();
      const { responses, rest } = parseResponses(received, rendered.method, isOver);
      const milliseconds = isLate ? null : (respondedAt ?? performance.now()) - startedAt;
      resolve({ responses, rest: rest.toString("latin1"), milliseconds });
    };
    const limit = setTimeout(settle, RESPONSE_TIMEOUT_SECONDS * 1000, false, true);
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (respondedAt !== null || parseResponses(received, rendered.method, false).responses.length === 0) return;
      respondedAt = performance.now();
      if (!lingers) return settle(false);
      setTimeout(settle, LINGER_MILLISECONDS, false);
    });
    socket.once("error", () => settle(true));
    socket.once("close", () => settle(true));
    if (halfCloses) socket.end(rendered.bytes);
    else socket.write(rendered.bytes);
  });
}

/** Sends the request with fetch, on kept-alive connections. Null if fetch cannot express it. */
export async function sendByFetch(port: number, rendered: RenderedRequest): Promise<SendOutcome | null> {
  const startedAt = performance.now();
  let request: Request;
  try {
    const { origin, pathname, search } = new URL(`http://127.0.0.1:${port}${rendered.target}`);
    if (pathname + search !== rendered.target) return null;
    const headers = rendered.headers.filter(
      ([name]) => !/^(host|content-length|transfer-encoding|connection)$/i.test(name),
    );
    const init = { method: rendered.method, headers: headers.map((pair) => [...pair]) as [string, string][] };
    request = new Request(origin + rendered.target, {
      ...init,
      ...(rendered.body === null ? {} : { body: new Uint8Array(rendered.body) }),
    });
  } catch {
    return null;
  }
  const signal = AbortSignal.timeout(RESPONSE_TIMEOUT_SECONDS * 1000);
  try {
    const response = await fetch(request, { redirect: "manual", signal });
    const body = await response.text();
    const parsed = { status: response.status, headers: [...response.headers], body } satisfies ParsedResponse;
    return { responses: [parsed], rest: "", milliseconds: performance.now() - startedAt };
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    return isLate ? { responses: [], rest: "", milliseconds: null } : null;
  }
}
