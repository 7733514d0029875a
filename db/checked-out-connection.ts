import type { MysqlPoolConnection, MysqlQueryResult } from "kysely";
import type { PoolConnection } from "mysql2";
import { isNotWritable } from "./faults";

/** What a connection reports to the pool of its server. */
export interface ConnectionOwner {
  release(connection: PoolConnection): void;
  /** The connection must not be used again. */
  discard(connection: PoolConnection, error: NodeJS.ErrnoException): void;
}

/** One use of a connection, from acquiring to releasing it. */
export class CheckedOutConnection implements MysqlPoolConnection {
  #failure: Error | undefined;

  constructor(
    private readonly connection: PoolConnection,
    private readonly owner: ConnectionOwner,
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
        // The driver gives no code if the connection was lost before this statement.
        if (isFatal(error)) error.code ??= "PROTOCOL_CONNECTION_LOST";
        if (mustDiscardConnection(error, sql)) {
          this.#failure = error;
          this.owner.discard(this.connection, error);
        }
      }
      callback(error, result as MysqlQueryResult);
    });
  }

  release(): void {
    if (!this.#failure) this.owner.release(this.connection);
  }
}

function isFatal(error: Error): boolean {
  return (error as { fatal?: boolean }).fatal === true;
}

/** After these errors the state of the connection is unknown, or its server takes no writes. */
function mustDiscardConnection(error: NodeJS.ErrnoException, sql: string): boolean {
  return (
    isFatal(error) ||
    error.code === "PROTOCOL_SEQUENCE_TIMEOUT" ||
    isNotWritable(error) ||
    ["begin", "commit", "rollback"].includes(sql)
  );
}

/** The driver expands objects to SQL: `{email: 1}` becomes "`email` = 1". No stored value is an object. */
function findUnsafeParameter(values: unknown[]): TypeError | undefined {
  const isScalar = (value: unknown) =>
    value === null || value instanceof Date || ["string", "number", "bigint", "boolean"].includes(typeof value);
  return values.every(isScalar) ? undefined : new TypeError("Statement parameters must be scalar values.");
}
