import "server-only";
import { randomUUID } from "node:crypto";
import { STATUS_CODES, type Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { requestState } from "@/server/runtime/request-state";
import type { Connections } from "./connections";
import { STATUS_MESSAGES } from "./reject";
import { MAX_TARGET_CHARACTERS } from "./request-target";
import type { SecurityHeaders } from "./security-headers";

type ParserError = Error & { code?: string; rawPacket?: Buffer };
type HttpSocket = Duplex & { remoteAddress?: string };

/** Only the first packet contains the request line. Without it 431 is assumed: in practice cookies are too large, not URLs. */
const LONG_TARGET_REQUEST_LINE = new RegExp(`^[A-Z]+ \\S{${MAX_TARGET_CHARACTERS}}`);

/** How long to discard what the client still sends: closing earlier would reset the connection before it has read the response. */
const LINGER_MILLISECONDS = 1000;

/** Responds to input that is not a valid HTTP request, in place of Node's empty responses. */
export class ParseErrorHandler {
  readonly #rejected = new WeakSet<Duplex>();

  constructor(
    private readonly security: SecurityHeaders,
    private readonly log: Logger,
  ) {}

  attach(server: Server, connections: Connections): void {
    server.on("clientError", (error: ParserError, socket: HttpSocket) => {
      if (this.#rejected.has(socket)) return;
      const status = statusOf(error);
      // While a response is in progress, the client would read this one as a part of it or as the response to another request.
      if (status === null || !socket.writable || connections.hasResponseInProgress(socket))
        return void socket.destroy();
      this.respondAndClose(socket, status, error.code);
    });
    server.on("connect", (_request, socket: HttpSocket) => {
      connections.onIdle(socket, () => this.respondAndClose(socket, 405, "CONNECT"));
      // Node detaches the parser on CONNECT; without a reader, a close by the client would not be noticed.
      socket.resume();
    });
  }

  respondAndClose(
    socket: HttpSocket,
    status: number,
    cause: string | undefined,
    lingerMilliseconds = LINGER_MILLISECONDS,
  ): void {
    const requestId = randomUUID();
    this.#rejected.add(socket);
    const line = { requestId, status, cause, address: socket.remoteAddress };
    // Outside the context of the previous request of this connection: the line would name its session and user.
    requestState.exit(() => this.log.info(line, "unreadable request"));
    if (lingerMilliseconds === 0) return void socket.end(this.#serialize(status, requestId), () => socket.destroy());
    socket.end(this.#serialize(status, requestId));
    const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
    socket.once("end", () => socket.destroy()).once("close", () => clearTimeout(timer));
    socket.resume();
  }

  #serialize(status: number, requestId: string): string {
    const body = `${STATUS_MESSAGES[status] ?? STATUS_CODES[status]}\n`;
    const headers: [string, string][] = [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(Buffer.byteLength(body))],
      ["Connection", "close"],
      ["Cache-Control", "private, no-store"],
      ["Content-Security-Policy", this.security.otherPolicy],
      ["X-Request-Id", requestId],
      ...(status === 405 ? ([["Allow", "GET, HEAD"]] as [string, string][]) : []),
      ...(status === 503 ? ([["Retry-After", "1"]] as [string, string][]) : []),
    ];
    const head = [...headers, ...this.security.always].map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`;
  }
}

/** Null if the socket itself failed, so that no response can be sent. */
function statusOf({ code, rawPacket }: ParserError): number | null {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return 408;
    case "HPE_INVALID_VERSION":
    case "HPE_PAUSED_H2_UPGRADE":
      return 505;
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return 413;
    case "HPE_HEADER_OVERFLOW":
      return LONG_TARGET_REQUEST_LINE.test(rawPacket?.toString("latin1") ?? "") ? 414 : 431;
    default:
      return code?.startsWith("HPE_") ? 400 : null;
  }
}
