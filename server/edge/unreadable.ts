import "server-only";
import { randomUUID } from "node:crypto";
import { STATUS_CODES, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { TARGET_CHARACTERS_AT_MOST } from "./request-target";
import type { SecurityHeaders } from "./security-headers";

type ParserError = Error & { code?: string; rawPacket?: Buffer };
type HttpSocket = Duplex & { _httpMessage?: ServerResponse | null; remoteAddress?: string };

/** Answers what never became a request: garbage, too many headers, headers that do not end, CONNECT. */
export function answerUnreadable(server: Server, security: SecurityHeaders, log: Logger): void {
  server.on("clientError", (error: ParserError, socket: HttpSocket) => {
    // Half an answer is out already, or nobody is listening: one more head would be read as its body.
    if (error.code === "ECONNRESET" || !socket.writable || socket._httpMessage?.headersSent)
      return void socket.destroy();
    refuseSocket(socket, statusOf(error), security, log, error.code);
  });
  server.on("connect", (_request, socket: HttpSocket) => refuseSocket(socket, 405, security, log, "CONNECT"));
}

function statusOf(error: ParserError): number {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  if (error.code !== "HPE_HEADER_OVERFLOW") return 400;
  const lineEnd = error.rawPacket?.indexOf("\r\n") ?? 0;
  return lineEnd === -1 || lineEnd > TARGET_CHARACTERS_AT_MOST ? 414 : 431;
}

function refuseSocket(
  socket: HttpSocket,
  status: number,
  security: SecurityHeaders,
  log: Logger,
  cause?: string,
): void {
  const requestId = randomUUID();
  const body = `${STATUS_CODES[status]}\n`;
  const headers: [string, string][] = [
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(body.length)],
    ["Connection", "close"],
    ["Cache-Control", "private, no-store"],
    ["Content-Security-Policy", security.otherPolicy],
    ["X-Request-Id", requestId],
    ...(status === 405 ? ([["Allow", "GET, HEAD"]] as [string, string][]) : []),
  ];
  const head = [...headers, ...security.always].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`, () => socket.destroy());
  log.info({ requestId, status, cause, address: socket.remoteAddress }, "unreadable request");
}
