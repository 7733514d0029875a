import { once } from "node:events";
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server } from "node:net";
import { deferred, pause } from "@/evidence/pause";
import { Breakpoint, type BreakpointCondition, type Phase } from "./breakpoint";
import { errorCodeIn } from "./mysql-packets";
import { ProxiedConnection } from "./proxied-connection";

/** Statements of background jobs: they can arrive at any moment, so they are neither recorded nor counted by breakpoints. */
const BACKGROUND_STATEMENTS = [
  /^\s*set (names|session)/i,
  /utc_timestamp\(3\) - interval/i,
  /order by `(revoked_at|idle_expires_at|expires_at)`/i,
  /from kysely_migration where name/i,
  /left join signing_keys on true/i,
];

/** A proxy between one instance and the database. Parses enough of the MySQL protocol to stop at a given statement. */
export class DatabaseProxy {
  /** Added to every response. */
  latencyMilliseconds = 0;
  /** Errors that the database returned, by error number. */
  readonly errorCounts = new Map<number, number>();
  statements = 0;

  readonly #server: Server;
  readonly #connections = new Set<ProxiedConnection>();
  #recording: string[] | null = null;
  #breakpoint: Breakpoint | null = null;
  #responsesFlow = deferred();

  private constructor(private upstream: () => NetConnectOpts) {
    this.#responsesFlow.resolve();
    this.#server = createServer((client) => {
      const connection = new ProxiedConnection(client, connect(this.upstream()), this);
      this.#connections.add(connection);
      client.once("close", () => this.#connections.delete(connection));
    });
  }

  /** `upstream` chooses the database of each connection. */
  static async open(upstream: () => NetConnectOpts): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(upstream);
    proxy.#server.listen({ port: 0, host: "127.0.0.1" });
    await once(proxy.#server, "listening");
    return proxy;
  }

  urlFor(database: string, user = "root"): string {
    return `mysql://${user}@127.0.0.1:${this.port}/${database}`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** New connections lead to another database, as when a name moves; open ones stay where they are. */
  redirect(upstream: NetConnectOpts): void {
    this.upstream = () => upstream;
  }

  /** Records the statements from now on, without those of background jobs. */
  record(): string[] {
    return (this.#recording = []);
  }

  /** Replaces the current breakpoint. */
  setBreakpoint(condition: BreakpointCondition): Breakpoint {
    return (this.#breakpoint = new Breakpoint(condition));
  }

  /** Removes the breakpoint, closes the connections it holds and stops recording. */
  reset(): void {
    this.#breakpoint?.closeConnections();
    this.#breakpoint = null;
    this.#recording = null;
  }

  /** Closes the open connections; new ones are accepted. */
  closeConnections(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** Statements are forwarded, but responses are held until `resumeResponses`. */
  stallResponses(): void {
    this.#responsesFlow = deferred();
  }

  resumeResponses(): void {
    this.#responsesFlow.resolve();
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
    await this.#responsesFlow.promise;
    if (this.latencyMilliseconds > 0) await pause(this.latencyMilliseconds);
  }

  countError(response: Buffer): void {
    const error = errorCodeIn(response);
    if (error !== null) this.errorCounts.set(error, (this.errorCounts.get(error) ?? 0) + 1);
  }
}
