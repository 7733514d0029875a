import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync, rmSync } from "node:fs";

/** A named pipe for the log of an app, read only when asked to: a stalled log reader. */
export class UnreadLog {
  readonly #reader: number;
  /** The descriptor that the app inherits. */
  readonly writer: number;

  constructor(private readonly path: string) {
    rmSync(path, { force: true });
    execFileSync("mkfifo", [path]);
    this.#reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writer = openSync(path, constants.O_WRONLY);
  }

  /** The bytes that have arrived since the last call. */
  read(): Buffer {
    const chunks: Buffer[] = [];
    for (;;) {
      const chunk = Buffer.alloc(65_536);
      const bytes = readAvailable(this.#reader, chunk);
      if (bytes === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, bytes));
    }
  }

  /** Once the app has its own copy of the descriptor. */
  closeWriter(): void {
    closeSync(this.writer);
  }

  close(): void {
    closeSync(this.#reader);
    rmSync(this.path, { force: true });
  }
}

function readAvailable(descriptor: number, chunk: Buffer): number {
  try {
    return readSync(descriptor, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw error;
  }
}
