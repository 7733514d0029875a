import { connect } from "node:net";
import type { Sent } from "./rendered-request";
import { readAnswers, type HttpAnswer } from "./http-response-parser";

/** The server cuts off at 12 s; one more for a busy machine. */
export const ANSWER_SECONDS_AT_MOST = 13;
/** How long a second answer to one request is waited for. */
const LINGER_MILLISECONDS = 30;

export interface Outcome {
  answers: HttpAnswer[];
  /** Bytes that belong to no answer. */
  rest: string;
  /** Null if neither an answer nor the end of the connection came in time. */
  milliseconds: number | null;
}

export interface Manner {
  /** The client sends no more, though it said that it would. */
  hangsUp: boolean;
  /** Waits for what must not come: one more answer. */
  lingers: boolean;
}

/** Sends the bytes as they are, over a connection of their own. Never throws. */
export function sendBytes(port: number, sent: Sent, { hangsUp, lingers }: Manner): Promise<Outcome> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let received = Buffer.alloc(0);
    let answeredAt: number | null = null;
    const socket = connect(port, "127.0.0.1");
    const settle = (isOver: boolean, isLate = false) => {
      clearTimeout(limit);
      socket.destroy();
      const { answers, rest } = readAnswers(received, sent.method, isOver);
      const milliseconds = isLate ? null : (answeredAt ?? performance.now()) - startedAt;
      resolve({ answers, rest: rest.toString("latin1"), milliseconds });
    };
    const limit = setTimeout(settle, ANSWER_SECONDS_AT_MOST * 1000, false, true);
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (answeredAt !== null || readAnswers(received, sent.method, false).answers.length === 0) return;
      answeredAt = performance.now();
      if (!lingers) return settle(false);
      setTimeout(settle, LINGER_MILLISECONDS, false);
    });
    socket.once("error", () => settle(true));
    socket.once("close", () => settle(true));
    if (hangsUp) socket.end(sent.bytes);
    else socket.write(sent.bytes);
  });
}

/** By the platform's client, which keeps its connections. Null if it refuses to say such a thing. */
export async function sendByFetch(port: number, sent: Sent): Promise<Outcome | null> {
  const startedAt = performance.now();
  let request: Request;
  try {
    const { origin, pathname, search } = new URL(`http://127.0.0.1:${port}${sent.target}`);
    if (pathname + search !== sent.target) return null;
    const headers = sent.headers.filter(
      ([name]) => !/^(host|content-length|transfer-encoding|connection)$/i.test(name),
    );
    const init = { method: sent.method, headers: headers.map((pair) => [...pair]) as [string, string][] };
    request = new Request(origin + sent.target, {
      ...init,
      ...(sent.body === null ? {} : { body: new Uint8Array(sent.body) }),
    });
  } catch {
    return null;
  }
  const signal = AbortSignal.timeout(ANSWER_SECONDS_AT_MOST * 1000);
  try {
    const response = await fetch(request, { redirect: "manual", signal });
    const body = await response.text();
    const answer = { status: response.status, headers: [...response.headers], body } satisfies HttpAnswer;
    return { answers: [answer], rest: "", milliseconds: performance.now() - startedAt };
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    return isLate ? { answers: [], rest: "", milliseconds: null } : null;
  }
}
