import "server-only";
import { ServerResponse, type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders } from "node:http";

/** An response that is looked over once more when its head is about to be written, whoever writes it. */
export class EntryResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  beforeHeaders: (() => void) | null = null;

  constructor(...rest: ConstructorParameters<typeof ServerResponse<Request>>) {
    super(...rest);
    // Writing after the end emits one (an app that was cut off goes on); without a listener it would end the process.
    this.on("error", () => {});
  }

  override writeHead(statusCode: number, ...rest: unknown[]): this {
    const [reasonOrHeaders, headers = reasonOrHeaders] = rest;
    if (this.headersSent || this.beforeHeaders === null) return super.writeHead(statusCode, ...(rest as []));
    this.statusCode = statusCode;
    if (typeof headers === "object" && headers !== null)
      this.#take(headers as OutgoingHttpHeaders | OutgoingHttpHeader[]);
    this.beforeHeaders();
    return typeof reasonOrHeaders === "string"
      ? super.writeHead(statusCode, reasonOrHeaders)
      : super.writeHead(statusCode);
  }

  /** Next asks for the head alone just before it writes the first piece: sent by itself, it would be one more packet for each response. */
  override flushHeaders(): void {
    process.nextTick(() => {
      if (!this.headersSent && !this.destroyed) super.flushHeaders();
    });
  }

  /** Emits "ended" when the app has ended it; "finish" waits until it is sent, which a slow client can delay. */
  override end(...rest: unknown[]): this {
    super.end(...(rest as []));
    this.emit("ended");
    return this;
  }

  /** Emits "close" if it never got the socket before the connection closed: Node emits none then. */
  closeWithConnection(): void {
    if (this.socket !== null) return;
    this.destroy();
    this.emit("close");
  }

  /** Forgets what was to be sent: an response that replaces another must not carry its cookies. */
  removeHeaders(): void {
    for (const name of this.getHeaderNames()) this.removeHeader(name);
  }

  /** Past the `setHeader` that Next puts on the response itself: it adds the cookies of the middleware once more, under their old names. */
  replaceCookies(lines: string[]): void {
    super.setHeader("Set-Cookie", lines);
  }

  #take(headers: OutgoingHttpHeaders | OutgoingHttpHeader[]): void {
    if (Array.isArray(headers)) {
      for (let at = 0; at + 1 < headers.length; at += 2)
        this.appendHeader(String(headers[at]), String(headers[at + 1]));
      return;
    }
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) this.setHeader(name, value);
  }
}
