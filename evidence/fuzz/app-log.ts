import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { pause } from "@/evidence/pause";

const PIECE_BYTES = 256 * 1024;
const REQUESTS_KEPT = 20_000;
/** The last line about a request: when it is there, all others are. */
const LAST_LINE = /"msg":"(?:unreadable )?request"/;
const POLL_MILLISECONDS = 2;

/** Follows the app's log, which is written asynchronously: the lines about a request may come after its response. */
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

  /** What was written about the request with this id, up to its last line; what there is if that does not come in time. */
  async about(requestId: string, secondsAtMost: number): Promise<readonly string[]> {
    const deadline = Date.now() + secondsAtMost * 1000;
    for (;;) {
      this.#read();
      const lines = this.#byRequest.get(requestId) ?? [];
      if (isComplete(lines) || Date.now() > deadline) return lines;
      await pause(POLL_MILLISECONDS);
    }
  }

  /** The ids of requests that left lines of their work, but not the line that every request ends with. */
  unfinished(isMeant: (requestId: string) => boolean): string[] {
    this.#read();
    return [...this.#byRequest].filter(([id, lines]) => isMeant(id) && !isComplete(lines)).map(([id]) => id);
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
    if (this.#byRequest.size > REQUESTS_KEPT) this.#byRequest.delete(this.#byRequest.keys().next().value!);
  }
}

export function isComplete(lines: readonly string[]): boolean {
  return lines.some((line) => LAST_LINE.test(line));
}
