import "server-only";
import type { Decrement } from "@/db/tables/rate-limits";

/** So long a refund may wait for company. Until it is made, one hit too many is counted. */
const BATCH_MILLISECONDS = 100;

/**
 * Gives hits back without keeping anybody waiting: the first at once, and what comes in the next tenth of a second together. In a
 * flood of logins each is spared a statement.
 */
export class DecrementBatch {
  readonly #pending: Decrement[] = [];
  #timer: NodeJS.Timeout | null = null;
  #sending = Promise.resolve();

  /** `send` deals with its failures itself. */
  constructor(private readonly send: (decrements: Decrement[]) => Promise<void>) {}

  add(decrement: Decrement): void {
    this.#pending.push(decrement);
    if (this.#timer === null) this.#sendPending();
  }

  /** Sends what still waits, and resolves when all is made. */
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
