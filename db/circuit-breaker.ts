import { DatabaseFault, isUnavailable } from "./faults";

const PATIENCE_MILLISECONDS = 1000;
const REST_MILLISECONDS = 5000;

/**
 * Spares people the wait for what does not answer. After a failure, or a second without an answer, nothing is asked for
 * five seconds; then one asks again, and the others are spared until that one has been answered.
 */
export class CircuitBreaker {
  #failedAt: Date | null = null;

  /** True where asking would fail at once. */
  isOpen(now: Date): boolean {
    // Also over when the clock was set back: it must not last for hours.
    return this.#failedAt !== null && Math.abs(now.getTime() - this.#failedAt.getTime()) < REST_MILLISECONDS;
  }

  /** Throws the fault TABLE_SILENT while at rest, and where no answer came in time: what was asked for may happen yet. */
  async ask<T>(now: Date, question: () => Promise<T>): Promise<T> {
    if (this.isOpen(now)) throw silence();
    if (this.#failedAt !== null) this.#failedAt = now;
    try {
      const answer = await answerInTime(question());
      this.#failedAt = null;
      return answer;
    } catch (error) {
      if (isUnavailable(error)) this.#failedAt = now;
      throw error;
    }
  }
}

async function answerInTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(silence()), PATIENCE_MILLISECONDS);
  });
  return Promise.race([answer, silent]).finally(() => clearTimeout(timer));
}

function silence(): DatabaseFault {
  return new DatabaseFault("TABLE_SILENT", "The table does not answer in time.");
}
