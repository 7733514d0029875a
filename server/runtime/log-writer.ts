import "server-only";
import { constants, fstatSync, openSync, write, writeSync } from "node:fs";
import { isatty } from "node:tty";

/** Unwritten lines are kept in memory up to this size; the last quarter is reserved for security events. */
const MAX_QUEUED_BYTES = 4 * 2 ** 20;
const MAX_QUEUED_BYTES_WITHOUT_EVENTS = 3 * 2 ** 20;
/** After a drop, lines are accepted again below this size: one report per outage instead of one per freed line. */
const RESUME_BELOW_QUEUED_BYTES = MAX_QUEUED_BYTES / 2;
/** PIPE_BUF on Linux: a pipe takes this many bytes completely or not at all, so processes that share it do not mix lines. */
const BYTES_PER_WRITE = 4096;
const RETRY_DELAY_MILLISECONDS = { first: 10, longest: 500 };
/** At exit the event loop has stopped, so that the rest is written synchronously, for at most this long. */
const MAX_FLUSH_MILLISECONDS = 500;

/** Matches only a field name: inside a JSON string the quotes would be escaped. */
const SECURITY_EVENT = '"event":';

/**
 * Writes lines to a file descriptor asynchronously, in order and complete. A write that fails (disk full, reader exited or stalled) is
 * repeated until it succeeds; meanwhile the queue is bounded, and what does not fit is counted and reported.
 */
export class LogWriter {
  /** Complete lines, joined up to `BYTES_PER_WRITE`. */
  readonly #chunks: string[] = [];
  #lastChunkBytes = 0;
  #queuedBytes = 0;
  #current: Buffer | null = null;
  #state: "idle" | "scheduled" | "writing" | "waiting" = "idle";
  #retryMilliseconds = RETRY_DELAY_MILLISECONDS.first;
  #isDropping = false;
  #dropped = { lines: 0, securityEvents: 0 };

  constructor(private readonly descriptor: number) {}

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    const isEvent = line.includes(SECURITY_EVENT);
    if (this.#hasRoom(bytes, isEvent)) this.#enqueue(line, bytes);
    else this.#drop(isEvent);
    // Deferred to the next turn of the event loop, so that the lines of parallel requests share one system call.
    if (this.#state === "idle") {
      this.#state = "scheduled";
      setImmediate(() => this.#writeNext());
    }
  }

  /** For exit and fatal errors: writes as much as the descriptor takes in `MAX_FLUSH_MILLISECONDS`. Never throws. */
  flushSync(): void {
    const deadline = Date.now() + MAX_FLUSH_MILLISECONDS;
    // A thread is writing the current chunk and cannot be waited for; usually this is enough for it to finish first.
    if (this.#state === "writing") sleepSync(RETRY_DELAY_MILLISECONDS.first);
    let current = this.#state === "writing" ? null : this.#current;
    while (Date.now() < deadline) {
      current ??= this.#takeChunk();
      if (current === null) break;
      try {
        current = rest(current, writeSync(this.descriptor, current));
      } catch {
        sleepSync(RETRY_DELAY_MILLISECONDS.first);
      }
    }
    if (this.#state !== "writing") this.#current = current;
  }

  #hasRoom(bytes: number, isEvent: boolean): boolean {
    const total = this.#queuedBytes + bytes;
    if (isEvent) return total <= MAX_QUEUED_BYTES;
    return !this.#isDropping && total <= MAX_QUEUED_BYTES_WITHOUT_EVENTS;
  }

  #drop(isEvent: boolean): void {
    this.#isDropping = true;
    this.#dropped.lines += 1;
    if (isEvent) this.#dropped.securityEvents += 1;
  }

  #enqueue(line: string, bytes: number): void {
    this.#queuedBytes += bytes;
    const last = this.#chunks.length - 1;
    if (last >= 0 && this.#lastChunkBytes + bytes <= BYTES_PER_WRITE) {
      this.#chunks[last] += line;
      this.#lastChunkBytes += bytes;
    } else {
      this.#chunks.push(line);
      this.#lastChunkBytes = bytes;
    }
  }

  #takeChunk(): Buffer | null {
    if (this.#isDropping && this.#queuedBytes <= RESUME_BELOW_QUEUED_BYTES) this.#reportDropped();
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return null;
    const buffer = Buffer.from(chunk);
    this.#queuedBytes -= buffer.length;
    return buffer;
  }

  /** Queued in place of the missing lines. */
  #reportDropped(): void {
    const { lines, securityEvents } = this.#dropped;
    this.#isDropping = false;
    this.#dropped = { lines: 0, securityEvents: 0 };
    const report = {
      level: "warn",
      time: new Date().toISOString(),
      dropped: lines,
      droppedSecurityEvents: securityEvents,
      msg: `${lines} log lines were dropped because the log could not be written`,
    };
    const line = `${JSON.stringify(report)}\n`;
    this.#enqueue(line, Buffer.byteLength(line));
  }

  #writeNext(): void {
    this.#current ??= this.#takeChunk();
    if (this.#current === null) {
      this.#state = "idle";
      return;
    }
    this.#state = "writing";
    write(this.descriptor, this.#current, (error, written) => this.#afterWrite(error, written));
  }

  #afterWrite(error: Error | null, written: number): void {
    if (error === null) {
      this.#retryMilliseconds = RETRY_DELAY_MILLISECONDS.first;
      if (this.#current !== null) this.#current = rest(this.#current, written);
      this.#writeNext();
      return;
    }
    // Whatever the cause (ENOSPC, EPIPE, EIO, EAGAIN, EBADF): the same bytes again later, so that no line is cut or lost.
    this.#state = "waiting";
    setTimeout(() => this.#writeNext(), this.#retryMilliseconds).unref();
    this.#retryMilliseconds = Math.min(2 * this.#retryMilliseconds, RETRY_DELAY_MILLISECONDS.longest);
  }
}

/** Standard output, opened so that a write never blocks its thread: a blocked thread would also prevent the process from exiting. */
export function openStandardOutput(): number {
  const STANDARD_OUTPUT = 1;
  try {
    const kind = fstatSync(STANDARD_OUTPUT);
    if (!kind.isFIFO() && !kind.isSocket() && !isatty(STANDARD_OUTPUT)) return STANDARD_OUTPUT;
    // Reopened, because O_NONBLOCK on the inherited descriptor would also affect the processes that share it.
    return openSync(`/proc/self/fd/${STANDARD_OUTPUT}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // A socket, another user's pipe, or no /proc: Node makes pipes and sockets non-blocking when this property is first read.
    void process.stdout;
    return STANDARD_OUTPUT;
  }
}

function rest(buffer: Buffer, written: number): Buffer | null {
  return written < buffer.length ? buffer.subarray(written) : null;
}

function sleepSync(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
