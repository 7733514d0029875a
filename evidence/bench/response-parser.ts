export interface ParsedResponse {
  status: number;
  /** Head and body, as they travelled. */
  bytes: number;
}

/** Finds the end of one HTTP/1.1 answer (RFC 9112, sections 6 and 7.1) without keeping or decoding it. One at a time. */
export class ResponseParser {
  #seen: Buffer = Buffer.alloc(0);
  /** Where the body is read on, once the head is known. */
  #at = 0;
  #status = 0;
  /** Of the body, or null if it comes in chunks. */
  #length: number | null = 0;

  /** The answer, if this was its last chunk. */
  push(chunk: Buffer): ParsedResponse | null {
    this.#seen = this.#seen.length === 0 ? chunk : Buffer.concat([this.#seen, chunk]);
    if (this.#status === 0 && !this.#readHead()) return null;
    const end = this.#length === null ? this.#skipChunks() : this.#at + this.#length;
    if (end === null || this.#seen.length < end) return null;
    if (this.#seen.length > end) throw new Error("There is more in the answer than it announced");
    const response = { status: this.#status, bytes: end };
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
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length === undefined && !/\r\ntransfer-encoding: *chunked/.test(head)) {
      throw new Error("The answer does not onProgress where it ends");
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
