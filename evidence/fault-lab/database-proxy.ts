import { once } from "node:events";
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server } from "node:net";
import { errorCodeIn } from "./mysql-packets";
import { ProxiedConnection } from "./proxied-connection";
import { deferred, pause } from "@/evidence/pause";
import { Breakpoint, type BreakpointCondition, type Phase } from "./breakpoint";

/** What an instance asks of its own accord: it may come at any moment and must not be counted. */
const BACKGROUND_STATEMENTS = [
  /^\s*set (names|session)/i,
  /utc_timestamp\(3\) - interval/i,
  /order by `(revoked_at|idle_expires_at|expires_at)`/i,
  /from kysely_migration where name/i,
];

/** Stands between one instance and the database, and understands just enough of what is said to stop it at one statement. */
export class DatabaseProxy {
  /** Added to every answer. */
  latencyMilliseconds = 0;
  /** How often the database answered with which error. */
  readonly errorCounts = new Map<number, number>();
  statements = 0;

  readonly #server: Server;
  readonly #connections = new Set<ProxiedConnection>();
  #recording: string[] | null = null;
  #breakpoint: Breakpoint | null = null;
  #flowing = deferred();

  private constructor(private readonly upstream: NetConnectOpts) {
    this.#flowing.resolve();
    this.#server = createServer((client) => {
      const connection = new ProxiedConnection(client, connect(this.upstream), this);
      this.#connections.add(connection);
      client.once("close", () => this.#connections.delete(connection));
    });
  }

  static async open(upstream: NetConnectOpts): Promise<DatabaseProxy> {
    const wire = new DatabaseProxy(upstream);
    wire.#server.listen({ port: 0, host: "127.0.0.1" });
    await once(wire.#server, "listening");
    return wire;
  }

  urlOf(database: string): string {
    return `mysql://root@127.0.0.1:${(this.#server.address() as AddressInfo).port}/${database}`;
  }

  /** Keeps the statements that are asked from now on, without those that an instance asks by itself. */
  record(): string[] {
    return (this.#recording = []);
  }

  /** Holds the statements that `choose` names. One trap at a time. */
  setBreakpoint(choose: BreakpointCondition): Breakpoint {
    return (this.#breakpoint = new Breakpoint(choose));
  }

  /** Nothing is held or recorded any more; what is held is cut. */
  reset(): void {
    this.#breakpoint?.closeConnections();
    this.#breakpoint = null;
    this.#recording = null;
  }

  /** Every connection breaks; new ones may be made. */
  closeConnections(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** The database takes questions and gives no answers, until `flow`. */
  stallResponses(): void {
    this.#flowing = deferred();
  }

  resumeResponses(): void {
    this.#flowing.resolve();
  }

  close(): void {
    this.#server.close();
    this.closeConnections();
  }

  breakpointFor(statement: string): { breakpoint: Breakpoint; phase: Phase } | null {
    this.statements += 1;
    if (BACKGROUND_STATEMENTS.some((pattern) => pattern.test(statement))) return null;
    this.#recording?.push(statement);
    const phase = this.#breakpoint?.phaseFor(statement);
    return phase ? { breakpoint: this.#breakpoint!, phase } : null;
  }

  async waitBeforeResponse(): Promise<void> {
    await this.#flowing.promise;
    if (this.latencyMilliseconds > 0) await pause(this.latencyMilliseconds);
  }

  countError(response: Buffer): void {
    const error = errorCodeIn(response);
    if (error !== null) this.errorCounts.set(error, (this.errorCounts.get(error) ?? 0) + 1);
  }
}
