import pTimeout from "p-timeout";
import { DatabaseFault, isUnavailable } from "./faults";

const TIMEOUT_MILLISECONDS = 1000;
const OPEN_MILLISECONDS = 5000;

/**
 * Opens for five seconds after an operation failed or took longer than a second; then one trial operation is let through, and the
 * others fail at once until it has ended.
 */
export class CircuitBreaker {
  #failedAt: Date | null = null;

  /** True if `run` would fail at once. */
  isOpen(now: Date): boolean {
    // The absolute difference: a clock that was set back must not keep it open for hours.
    return this.#failedAt !== null && Math.abs(now.getTime() - this.#failedAt.getTime()) < OPEN_MILLISECONDS;
  }

  /** Throws TABLE_UNAVAILABLE while open, and after a timeout: the operation may still take effect. */
  async run<T>(now: Date, operation: () => Promise<T>): Promise<T> {
    if (this.isOpen(now)) throwUnavailable();
    if (this.#failedAt !== null) this.#failedAt = now;
    try {
      const result = await pTimeout(operation(), { milliseconds: TIMEOUT_MILLISECONDS, fallback: throwUnavailable });
      this.#failedAt = null;
      return result;
    } catch (error) {
      if (isUnavailable(error)) this.#failedAt = now;
      throw error;
    }
  }
}

function throwUnavailable(): never {
  throw new DatabaseFault("TABLE_UNAVAILABLE", "The table did not respond in time, or lately failed to.");
}
