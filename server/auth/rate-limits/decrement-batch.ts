import "server-only";
import type { Decrement } from "@/db/tables/rate-limits";

/** A decrement waits at most this long; until it is sent, one hit too many is counted. */
const BATCH_MILLISECONDS = 100;

/**
 * Decrements hits in the background: the first at once, further ones in one statement per 100 ms. In a flood of logins this saves one
 * statement per login.
 */
export class DecrementBatch {
  readonly #pending: Decrement[] = [];
  #timer: NodeJS.Timeout | null = null;
  #sending = Promise.resolve();

  /** `send` must not reject. */
  constructor(private readonly send: (decrements: Decrement[]) => Promise<void>) {}

  add(decrement: Decrement): void {
    this.#pending.push(decrement);
    if (this.#timer === null) this.#sendPending();
  }

  /** Sends the pending decrements and resolves when all batches have ended. */
  flush(): Promise<void> {
    if (this.#pending.length > 0) this.#sendPending();
    return this.#sending;
  }

  #sendPending(): void {
    const decrements = this.#pending.splice(0);
    this.#sending = this.#sending.then(() => this.send(decrements));
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#pending.length > 0) this.#sendPending();
    }, BATCH_MILLISECONDS).unref();
  }
}
