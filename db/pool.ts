import type { Duplex } from "node:stream";
import type { MysqlPool, MysqlPoolConnection, MysqlQueryResult } from "kysely";
import type { Pool, PoolConnection } from "mysql2";
import pTimeout from "p-timeout";
import { DatabaseFault } from "./faults";

export interface PoolLimits {
  acquireMilliseconds: number;
  /** Longer than the server's own limit: that one leaves a usable connection, this one destroys it. */
  queryMilliseconds: number;
  /** Run on every new connection before its first use. */
  setupStatements: string[];
}

/** Adds to the driver's pool: timeouts for acquiring and querying, and no reuse of a connection after a timeout. */
export class BoundedPool implements MysqlPool {
  readonly #ready = new WeakSet<PoolConnection>();
  readonly #open = new Set<PoolConnection>();

  constructor(
    private readonly pool: Pool,
    private readonly limits: PoolLimits,
  ) {
    pool.on("connection", (connection) => {
      this.#open.add(connection);
      streamOf(connection).once("close", () => this.#open.delete(connection));
      // The driver listens once. A second "error" event on an idle connection would end the process.
      connection.on("error", () => {});
    });
  }

  getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    this.#checkOut().then(
      (connection) => callback(null, connection),
      (error: unknown) => callback(error, undefined as never),
    );
  }

  /** The driver queues its quit command behind running statements: an unresponsive server would block it for ever. */
  end(callback: (error: unknown) => void): void {
    const ended = new Promise<void>((resolve) => this.pool.end(() => resolve()));
    const fallback = () => this.#open.forEach(destroy);
    void pTimeout(ended, { milliseconds: this.limits.queryMilliseconds, fallback }).then(() => callback(null));
  }

  async #checkOut(): Promise<MysqlPoolConnection> {
    const deadline = performance.now() + this.limits.acquireMilliseconds;
    const connection = await this.#acquire();
    if (!this.#ready.has(connection)) await this.#setUpSession(connection, deadline);
    return new CheckedOutConnection(connection, this.limits.queryMilliseconds);
  }

  #acquire(): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      let hasTimedOut = false;
      const timer = setTimeout(() => {
        hasTimedOut = true;
        reject(new DatabaseFault("ACQUIRE_TIMEOUT", "No database connection became free in time."));
      }, this.limits.acquireMilliseconds);
      this.pool.getConnection((error, connection) => {
        clearTimeout(timer);
        if (error) reject(toDatabaseFault(error));
        else if (hasTimedOut) connection.release();
        else resolve(connection);
      });
    });
  }

  async #setUpSession(connection: PoolConnection, deadline: number): Promise<void> {
    const checkout = new CheckedOutConnection(connection, Math.max(1, deadline - performance.now()));
    try {
      for (const statement of this.limits.setupStatements) {
        await new Promise<void>((resolve, reject) =>
          checkout.query(statement, [], (error) => (error ? reject(error) : resolve())),
        );
      }
    } catch (error) {
      destroy(connection);
      throw error;
    }
    this.#ready.add(connection);
  }
}

/** One use of a connection, from acquiring to releasing it. */
class CheckedOutConnection implements MysqlPoolConnection {
  #failure: Error | undefined;

  constructor(
    private readonly connection: PoolConnection,
    private readonly queryMilliseconds: number,
  ) {}

  query(sql: string, parameters: unknown[]): never;
  query(sql: string, parameters: unknown[], callback: (error: unknown, result: MysqlQueryResult) => void): void;
  query(sql: string, values: unknown[], callback?: (error: unknown, result: MysqlQueryResult) => void): void {
    if (!callback) throw new TypeError("Streaming has no timeout and is not supported.");
    const failure = this.#failure ?? findUnsafeParameter(values);
    if (failure) return callback(failure, []);
    this.connection.query({ sql, values, timeout: this.queryMilliseconds }, (error, result) => {
      if (error) {
        // The statement as sent contains password hash, nonce and email, and errors are logged.
        delete (error as { sql?: string }).sql;
        if (mustDiscardConnection(error, sql)) {
          this.#failure = error;
          destroy(this.connection);
        }
      }
      callback(error, result as MysqlQueryResult);
    });
  }

  release(): void {
    if (!this.#failure) this.connection.release();
  }
}

/** After these errors the state of the connection is unknown, or its server has been demoted to read-only. */
function mustDiscardConnection(error: NodeJS.ErrnoException & { fatal?: boolean }, sql: string): boolean {
  return (
    error.fatal === true ||
    error.code === "PROTOCOL_SEQUENCE_TIMEOUT" ||
    [1047, 1290, 1792, 1836, 1874, 3100].includes(error.errno ?? 0) ||
    ["begin", "commit", "rollback"].includes(sql)
  );
}

/** The driver expands objects to SQL: `{email: 1}` becomes "`email` = 1". No stored value is an object. */
function findUnsafeParameter(values: unknown[]): TypeError | undefined {
  const isScalar = (value: unknown) =>
    value === null || value instanceof Date || ["string", "number", "bigint", "boolean"].includes(typeof value);
  return values.every(isScalar) ? undefined : new TypeError("Statement parameters must be scalar values.");
}

function toDatabaseFault(error: Error): Error {
  if (error.message === "Queue limit reached.") return new DatabaseFault("QUEUE_FULL", error.message);
  if (error.message === "Pool is closed.") return new DatabaseFault("POOL_CLOSED", error.message);
  return error;
}

/** The driver alone would half-close the socket and wait for a peer that may never respond. */
function destroy(connection: PoolConnection): void {
  connection.destroy();
  streamOf(connection).destroy();
}

function streamOf(connection: PoolConnection): Duplex {
  return (connection as unknown as { stream: Duplex }).stream;
}
