import type { Duplex } from "node:stream";
import type { MysqlQueryResult } from "kysely";
import type { Pool, PoolConnection } from "mysql2";
import pTimeout from "p-timeout";
import { CheckedOutConnection, type ConnectionOwner } from "./checked-out-connection";
import { DatabaseFault, isNotWritable } from "./faults";
import {
  consistencyStatements,
  isGaleraNode,
  judgeServerState,
  READ_NODE_STATUS,
  readVariables,
  type ServerValues,
} from "./server-state";

export interface ServerLimits {
  /** Longer than the server's own limit: that one leaves a usable connection, this one destroys it. */
  queryMilliseconds: number;
  /** To connect and set up a new connection. */
  setupMilliseconds: number;
  /** How often a server in use is asked whether it still accepts writes. */
  verifyMilliseconds: number;
  /** How long it may take to respond. Later than that, all its connections are closed. */
  verdictMilliseconds: number;
  requiresWritable: boolean;
  /** Run on every new connection before its first use. */
  setupStatements: string[];
  isOnlyServer: boolean;
}

/**
 * Adds to the driver's pool of one server: time limits for acquiring and querying, no reuse of a connection after a timeout, and
 * connections only while the server accepts writes.
 */
export class ServerPool implements ConnectionOwner {
  readonly #open = new Set<PoolConnection>();
  readonly #inUse = new Set<PoolConnection>();
  /** Those that are set up and may be reused. */
  #ready = new WeakSet<PoolConnection>();
  #verifiedAt = -Infinity;
  /** Known since the last `retire`: the next connection may lead to another server. */
  #known: Promise<ServerValues> | null = null;

  constructor(
    private readonly pool: Pool,
    private readonly limits: ServerLimits,
  ) {
    pool.on("connection", (connection) => {
      this.#open.add(connection);
      streamOf(connection).once("close", () => this.#open.delete(connection));
      // The driver listens once. A second "error" event on an idle connection would end the process.
      connection.on("error", () => {});
    });
  }

  /** Throws NOT_WRITABLE if the server does not accept writes. */
  async checkOut(deadline: number): Promise<CheckedOutConnection> {
    const connection = await this.#acquire(deadline);
    const isNew = !this.#ready.has(connection);
    try {
      if (isNew) await this.#setUpSession(connection, deadline);
      else if (this.#isVerificationDue()) await this.#verify(connection);
    } catch (error) {
      this.#inUse.delete(connection);
      destroy(connection);
      const { code } = error as NodeJS.ErrnoException;
      if (isNew && code !== "NOT_WRITABLE") throw error;
      this.retire();
      if (isNew || code === "PROTOCOL_SEQUENCE_TIMEOUT") throw error;
      // A new connection may reach another server, if the name of this one has moved.
      return this.checkOut(deadline);
    }
    return new CheckedOutConnection(connection, this, this.limits.queryMilliseconds);
  }

  release(connection: PoolConnection): void {
    this.#inUse.delete(connection);
    if (this.#ready.has(connection)) connection.release();
    else destroy(connection);
  }

  discard(connection: PoolConnection, error: NodeJS.ErrnoException): void {
    this.#inUse.delete(connection);
    destroy(connection);
    this.#verifiedAt = -Infinity;
    if (isNotWritable(error)) this.retire();
  }

  /** Closes all connections: the idle ones now, the others when they are released. */
  retire(): void {
    this.#ready = new WeakSet();
    this.#known = null;
    for (const connection of this.#open) if (!this.#inUse.has(connection)) destroy(connection);
  }

  /** The driver queues its quit command behind running statements: an unresponsive server would block it for ever. */
  async end(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.pool.end(() => resolve()));
    const fallback = () => this.#open.forEach(destroy);
    await pTimeout(ended, { milliseconds: this.limits.queryMilliseconds, fallback });
  }

  #acquire(deadline: number): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      let hasTimedOut = false;
      const timer = setTimeout(() => {
        hasTimedOut = true;
        reject(new DatabaseFault("ACQUIRE_TIMEOUT", "No database connection became free in time."));
      }, deadline - performance.now());
      this.pool.getConnection((error, connection) => {
        clearTimeout(timer);
        if (error) return reject(toDatabaseFault(error));
        if (hasTimedOut) return connection.release();
        // Closed by `retire` after the driver had chosen it.
        if (streamOf(connection).destroyed) return resolve(this.#acquire(deadline));
        this.#inUse.add(connection);
        resolve(connection);
      });
    });
  }

  async #setUpSession(connection: PoolConnection, deadline: number): Promise<void> {
    const remaining = Math.max(1, deadline - performance.now());
    const query = this.#query(connection, Math.min(remaining, this.limits.setupMilliseconds));
    const variables = await this.#checkState(query);
    const statements = [...this.limits.setupStatements, ...consistencyStatements(variables)];
    for (const statement of statements) await query(statement);
    this.#ready.add(connection);
  }

  #isVerificationDue(): boolean {
    return performance.now() - this.#verifiedAt >= this.limits.verifyMilliseconds;
  }

  async #verify(connection: PoolConnection): Promise<void> {
    // Not the rest of the deadline: after a wait for a free connection a healthy server would seem unresponsive.
    const query = this.#query(connection, this.limits.verdictMilliseconds);
    await this.#checkState(query);
  }

  async #checkState(query: (sql: string) => Promise<ServerValues>): Promise<ServerValues> {
    // Set before the response: concurrent uses of other connections need not ask, too.
    this.#verifiedAt = performance.now();
    const variables = await this.#readVariables(query);
    if (!this.limits.requiresWritable) return variables;
    const nodeStatus = isGaleraNode(variables) ? await query(READ_NODE_STATUS) : {};
    const problem = judgeServerState(variables, nodeStatus, this.limits.isOnlyServer);
    if (problem !== null) throw new DatabaseFault("NOT_WRITABLE", `The database server ${problem}.`);
    return variables;
  }

  /** All connections of a start wait for the first to read everything: together they would keep a busy server from other work. */
  async #readVariables(query: (sql: string) => Promise<ServerValues>): Promise<ServerValues> {
    if (this.#known === null) {
      const reading = query(readVariables({}));
      this.#known = reading;
      reading.catch(() => {
        if (this.#known === reading) this.#known = null;
      });
      return reading;
    }
    const known = await this.#known.catch(() => ({}));
    return { ...known, ...(await query(readVariables(known))) };
  }

  #query(connection: PoolConnection, milliseconds: number) {
    const checkout = new CheckedOutConnection(connection, this, milliseconds);
    return (statement: string) =>
      new Promise<ServerValues>((resolve, reject) =>
        checkout.query(statement, [], (error, rows) => (error ? reject(error as Error) : resolve(toValues(rows)))),
      );
  }
}

function toValues(rows: MysqlQueryResult): ServerValues {
  if (!Array.isArray(rows)) return {};
  return Object.fromEntries((rows as object[]).map((row) => Object.values(row).map(String) as [string, string]));
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
