import type { MysqlPool, MysqlPoolConnection } from "kysely";
import { isUnavailable } from "./faults";
import type { ServerPool } from "./server-pool";

/** Faults of this process, which another server would not mend. */
const OWN_FAULTS = new Set<unknown>(["ACQUIRE_TIMEOUT", "QUEUE_FULL", "POOL_CLOSED"]);

/**
 * Connections to the one server that accepts writes. The server in use is kept until it fails or refuses writes; then the others
 * are tried, in the order of DATABASE_URL.
 */
export class BoundedPool implements MysqlPool {
  #current = 0;

  constructor(
    private readonly servers: ServerPool[],
    private readonly acquireMilliseconds: number,
  ) {}

  getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    this.#checkOut().then(
      (connection) => callback(null, connection),
      (error: unknown) => callback(error, undefined as never),
    );
  }

  end(callback: (error: unknown) => void): void {
    void Promise.all(this.servers.map((server) => server.end())).then(() => callback(null));
  }

  async #checkOut(): Promise<MysqlPoolConnection> {
    const deadline = performance.now() + this.acquireMilliseconds;
    const first = this.#current;
    for (let step = 0; ; step++) {
      const index = (first + step) % this.servers.length;
      try {
        const connection = await this.servers[index]!.checkOut(deadline);
        this.#moveTo(index, first);
        return connection;
      } catch (error) {
        if (!isUnavailable(error) || OWN_FAULTS.has((error as NodeJS.ErrnoException).code)) throw error;
        if (step === this.servers.length - 1) throw error;
        if (performance.now() >= deadline) {
          // The next call begins with another server.
          this.#moveTo((index + 1) % this.servers.length, first);
          throw error;
        }
      }
    }
  }

  /** Unless a concurrent call has moved away from `first`: it knows more. */
  #moveTo(index: number, first: number): void {
    if (index === this.#current || this.#current !== first) return;
    this.servers[first]!.retire();
    this.#current = index;
  }
}
