import { connect, type Socket } from "node:net";
import { ResponseParser, type ParsedResponse } from "./response-parser";

/** One kept connection to this machine, one request at a time. */
export class HttpConnection {
  readonly #reader = new ResponseParser();
  #settle: { resolve: (response: ParsedResponse) => void; reject: (error: Error) => void } | null = null;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#take(chunk as Buffer));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("The connection was closed in the middle of a request")));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("connect", () => resolve(new HttpConnection(socket.off("error", reject))));
    });
  }

  send(request: string): Promise<ParsedResponse> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.#settle = null;
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    try {
      const response = this.#reader.push(chunk);
      if (response === null) return;
      const settle = this.#settle;
      this.#settle = null;
      settle?.resolve(response);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#settle?.reject(error);
    this.#settle = null;
  }
}
