import "server-only";
import type { Refund } from "@/db/tables/rate-limits";

/** So long a refund may wait for company. Until it is made, one hit too many is counted. */
const GATHERED_MILLISECONDS = 100;

/**
 * Gives hits back without keeping anybody waiting: the first at once, and what comes in the next tenth of a second together. In a
 * flood of logins each is spared a statement.
 */
export class RefundBatch {
  readonly #waiting: Refund[] = [];
  #gathering: NodeJS.Timeout | null = null;
  #sent = Promise.resolve();

  /** `send` deals with its failures itself. */
  constructor(private readonly send: (refunds: Refund[]) => Promise<void>) {}

  add(refund: Refund): void {
    this.#waiting.push(refund);
    if (this.#gathering === null) this.#sendAll();
  }

  /** Sends what still waits, and resolves when all is made. */
  settle(): Promise<void> {
    if (this.#waiting.length > 0) this.#sendAll();
    return this.#sent;
  }

  #sendAll(): void {
    const refunds = this.#waiting.splice(0);
    this.#sent = this.#sent.then(() => this.send(refunds));
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = setTimeout(() => {
      this.#gathering = null;
      if (this.#waiting.length > 0) this.#sendAll();
    }, GATHERED_MILLISECONDS).unref();
  }
}
