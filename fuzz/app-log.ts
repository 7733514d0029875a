import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const PIECE_BYTES = 256 * 1024;
const LINES_KEPT = 2000;

/** Follows the app's log while it is written: a line is there before the answer that it is about. */
export class AppLog {
  readonly #descriptor: number;
  readonly #decoder = new StringDecoder("utf8");
  readonly #byRequest = new Map<string, string[]>();
  /** Lines that belong to no request, and should not be there. */
  readonly strays: string[] = [];
  lines = 0;
  #rest = "";

  constructor(
    file: string,
    private readonly isFault: (line: string) => boolean,
  ) {
    this.#descriptor = openSync(file, "r");
  }

  /** What was written about the request with this id. */
  about(requestId: string): readonly string[] {
    this.#read();
    return this.#byRequest.get(requestId) ?? [];
  }

  close(): void {
    this.#read();
    closeSync(this.#descriptor);
  }

  #read(): void {
    const piece = Buffer.alloc(PIECE_BYTES);
    for (;;) {
      const bytes = readSync(this.#descriptor, piece, 0, PIECE_BYTES, null);
      if (bytes === 0) return;
      const lines = (this.#rest + this.#decoder.write(piece.subarray(0, bytes))).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    }
  }

  #take(line: string): void {
    this.lines += 1;
    const requestId = /"requestId":"([^"]+)"/.exec(line)?.[1];
    if (requestId === undefined) {
      if (this.isFault(line)) this.strays.push(line);
      return;
    }
    const known = this.#byRequest.get(requestId);
    if (known !== undefined) return void known.push(line);
    this.#byRequest.set(requestId, [line]);
    if (this.#byRequest.size > LINES_KEPT) this.#byRequest.delete(this.#byRequest.keys().next().value!);
  }
}
