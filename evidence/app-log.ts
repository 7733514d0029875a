import { closeSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { pause } from "@/evidence/pause";

const CHUNK_BYTES = 256 * 1024;
const REQUESTS_KEPT = 20_000;
/** The request line is the last line of a request. */
const LAST_LINE = /"msg":"(?:unreadable )?request"/;
const POLL_MILLISECONDS = 2;

/** Follows the app's log, which is written asynchronously: the lines about a request may come after its response. */
export class AppLog {
  readonly #descriptor: number;
  readonly #decoder = new StringDecoder("utf8");
  readonly #byRequest = new Map<string, string[]>();
  readonly #selected: string[] = [];
  lines = 0;
  #rest = "";

  constructor(
    file: string,
    private readonly isSelected: (line: string) => boolean,
  ) {
    this.#descriptor = openSync(file, "r");
  }

  /** The lines of this request. Waits for its last line until the timeout. */
  async linesOf(requestId: string, timeoutSeconds: number): Promise<readonly string[]> {
    const deadline = Date.now() + timeoutSeconds * 1000;
    for (;;) {
      this.#read();
      const lines = this.#byRequest.get(requestId) ?? [];
      if (isComplete(lines) || Date.now() > deadline) return lines;
      await pause(POLL_MILLISECONDS);
    }
  }

  /** Those of the ids that have no request line. */
  withoutRequestLine(requestIds: readonly string[]): string[] {
    this.#read();
    return requestIds.filter((id) => !isComplete(this.#byRequest.get(id) ?? []));
  }

  /** The ids of requests with log lines but without their request line. */
  unfinished(isSelected: (requestId: string) => boolean): string[] {
    this.#read();
    return [...this.#byRequest].filter(([id, lines]) => isSelected(id) && !isComplete(lines)).map(([id]) => id);
  }

  /** The number of selected requests with log lines. */
  countRequests(isSelected: (requestId: string) => boolean): number {
    this.#read();
    return [...this.#byRequest.keys()].filter(isSelected).length;
  }

  /** The selected lines without a request id. */
  linesOutsideRequests(): readonly string[] {
    this.#read();
    return this.#selected;
  }

  close(): void {
    this.#read();
    closeSync(this.#descriptor);
  }

  #read(): void {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const bytes = readSync(this.#descriptor, chunk, 0, CHUNK_BYTES, null);
      if (bytes === 0) return;
      const lines = (this.#rest + this.#decoder.write(chunk.subarray(0, bytes))).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#addLine(line);
    }
  }

  #addLine(line: string): void {
    this.lines += 1;
    const requestId = /"requestId":"([^"]+)"/.exec(line)?.[1];
    if (requestId === undefined) {
      if (this.isSelected(line)) this.#selected.push(line);
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
