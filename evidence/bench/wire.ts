import { connect, type Socket } from "node:net";
import { AnswerReader, type Answered } from "./answer-reader";

/** One kept connection to this machine, one request at a time. */
export class Wire {
  readonly #reader = new AnswerReader();
  #settle: { resolve: (answered: Answered) => void; reject: (error: Error) => void } | null = null;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (piece) => this.#take(piece as Buffer));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("The connection was closed in the middle of a request")));
  }

  static open(port: number): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("connect", () => resolve(new Wire(socket.off("error", reject))));
    });
  }

  ask(request: string): Promise<Answered> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.#settle = null;
    this.socket.destroy();
  }

  #take(piece: Buffer): void {
    try {
      const answered = this.#reader.take(piece);
      if (answered === null) return;
      const settle = this.#settle;
      this.#settle = null;
      settle?.resolve(answered);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#settle?.reject(error);
    this.#settle = null;
  }
}
