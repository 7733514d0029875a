import { DatabaseFault, isUnavailable } from "./faults";

const TIMEOUT_MILLISECONDS = 1000;
const OPEN_MILLISECONDS = 5000;

/**
 * Spares people the wait for what does not answer. After a failure, or a second without an answer, nothing is asked for
 * five seconds; then one asks again, and the others are spared until that one has been answered.
 */
export class CircuitBreaker {
  #failedAt: Date | null = null;

  /** True where asking would fail at once. */
  isOpen(now: Date): boolean {
    // Also over when the clock was set back: it must not last for hours.
    return this.#failedAt !== null && Math.abs(now.getTime() - this.#failedAt.getTime()) < OPEN_MILLISECONDS;
  }

  /** Throws the fault TABLE_UNAVAILABLE while at rest, and where no answer came in time: what was asked for may happen yet. */
  async run<T>(now: Date, operation: () => Promise<T>): Promise<T> {
    if (this.isOpen(now)) throw unavailable();
    if (this.#failedAt !== null) this.#failedAt = now;
    try {
      const result = await withTimeout(operation());
      this.#failedAt = null;
      return result;
    } catch (error) {
      if (isUnavailable(error)) this.#failedAt = now;
      throw error;
    }
  }
}

async function withTimeout<T>(operation: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable()), TIMEOUT_MILLISECONDS);
  });
  return Promise.race([operation, timeout]).finally(() => clearTimeout(timer));
}

function unavailable(): DatabaseFault {
  return new DatabaseFault("TABLE_UNAVAILABLE", "The table does not answer in time.");
}
