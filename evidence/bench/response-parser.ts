export interface ParsedResponse {
  status: number;
  /** Bytes on the wire, head and body. */
  bytes: number;
  /** Retry-After of a 503, in seconds; otherwise 0. */
  retryAfterSeconds: number;
}

/** Finds the end of an HTTP/1.1 response (RFC 9112, sections 6 and 7.1) without decoding it. One response at a time. */
export class ResponseParser {
  #seen: Buffer = Buffer.alloc(0);
  /** Offset of the next unread byte of the body. */
  #at = 0;
  #status = 0;
  #retryAfterSeconds = 0;
  /** Content-Length; null for a chunked body. */
  #length: number | null = 0;

  /** Returns the response after its last bytes, and null before. */
  push(chunk: Buffer): ParsedResponse | null {
    this.#seen = this.#seen.length === 0 ? chunk : Buffer.concat([this.#seen, chunk]);
    if (this.#status === 0 && !this.#readHead()) return null;
    const end = this.#length === null ? this.#skipChunks() : this.#at + this.#length;
    if (end === null || this.#seen.length < end) return null;
    if (this.#seen.length > end) throw new Error("The response is longer than its Content-Length");
    const response = { status: this.#status, bytes: end, retryAfterSeconds: this.#retryAfterSeconds };
    this.#seen = Buffer.alloc(0);
    this.#status = 0;
    return response;
  }

  #readHead(): boolean {
    const end = this.#seen.indexOf("\r\n\r\n");
    if (end === -1) return false;
    const head = this.#seen.toString("latin1", 0, end).toLowerCase();
    this.#status = Number(head.slice("http/1.1 ".length, "http/1.1 200".length));
    this.#at = end + 4;
    this.#retryAfterSeconds = this.#status === 503 ? Number(/\r\nretry-after: *(\d+)/.exec(head)?.[1] ?? 0) : 0;
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length === undefined && !/\r\ntransfer-encoding: *chunked/.test(head)) {
      throw new Error("The response has neither Content-Length nor chunks");
    }
    this.#length = length === undefined ? null : Number(length);
    return true;
  }

  #skipChunks(): number | null {
    for (;;) {
      const lineEnd = this.#seen.indexOf("\r\n", this.#at);
      if (lineEnd === -1) return null;
      const size = parseInt(this.#seen.toString("latin1", this.#at, lineEnd), 16);
      const end = lineEnd + 2 + size + 2;
      if (size === 0) return end;
      if (this.#seen.length < end) return null;
      this.#at = end;
    }
  }
}
