import "server-only";
import { ServerResponse, type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders } from "node:http";

/** Calls `beforeHeaders` just before the headers are written, whether by the app or by the entry. */
export class EntryResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  beforeHeaders: (() => void) | null = null;

  constructor(...rest: ConstructorParameters<typeof ServerResponse<Request>>) {
    super(...rest);
    // An app that continues after a timeout causes a write-after-end error, which would end the process without a listener.
    this.on("error", () => {});
  }

  override writeHead(statusCode: number, ...rest: unknown[]): this {
    const [reasonOrHeaders, headers = reasonOrHeaders] = rest;
    if (this.headersSent || this.beforeHeaders === null) return super.writeHead(statusCode, ...(rest as []));
    this.statusCode = statusCode;
    if (typeof headers === "object" && headers !== null)
      this.#applyHeaders(headers as OutgoingHttpHeaders | OutgoingHttpHeader[]);
    this.beforeHeaders();
    return typeof reasonOrHeaders === "string"
      ? super.writeHead(statusCode, reasonOrHeaders)
      : super.writeHead(statusCode);
  }

  /** Next flushes the headers just before it writes the first chunk: sent separately, they would take one more packet per response. */
  override flushHeaders(): void {
    process.nextTick(() => {
      if (!this.headersSent && !this.destroyed) super.flushHeaders();
    });
  }

  /** Emits "ended" at once; Node's "finish" waits until everything is sent, which a slow client can delay. */
  override end(...rest: unknown[]): this {
    super.end(...(rest as []));
    this.emit("ended");
    return this;
  }

  /** Emits "close" for a pipelined response that never got the socket, for which Node emits none. */
  closeWithConnection(): void {
    if (this.socket !== null) return;
    this.destroy();
    this.emit("close");
  }

  /** For a response that replaces that of the app, whose cookies must not be sent. */
  removeHeaders(): void {
    for (const name of this.getHeaderNames()) this.removeHeader(name);
  }

  /** Bypasses the `setHeader` that Next installs on the response, which would add the middleware's cookies again under their original names. */
  replaceCookies(lines: string[]): void {
    super.setHeader("Set-Cookie", lines);
  }

  #applyHeaders(headers: OutgoingHttpHeaders | OutgoingHttpHeader[]): void {
    if (Array.isArray(headers)) {
      for (let at = 0; at + 1 < headers.length; at += 2)
        this.appendHeader(String(headers[at]), String(headers[at + 1]));
      return;
    }
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) this.setHeader(name, value);
  }
}
