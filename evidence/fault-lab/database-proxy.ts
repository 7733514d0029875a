import { once } from "node:events";
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Server } from "node:net";
import { errorIn } from "./mysql-packets";
import { Passage } from "./proxied-connection";
import { deferred, pause } from "@/evidence/pause";
import { Trap, type Choose, type Phase } from "./breakpoint";

/** What an instance asks of its own accord: it may come at any moment and must not be counted. */
const BACKGROUND = [
  /^\s*set (names|session)/i,
  /utc_timestamp\(3\) - interval/i,
  /order by `(revoked_at|idle_expires_at|expires_at)`/i,
  /from kysely_migration where name/i,
];

/** Stands between one instance and the database, and understands just enough of what is said to stop it at one statement. */
export class DatabaseWire {
  /** Added to every answer. */
  latencyMilliseconds = 0;
  /** How often the database answered with which error. */
  readonly errors = new Map<number, number>();
  statements = 0;

  readonly #server: Server;
  readonly #passages = new Set<Passage>();
  #recording: string[] | null = null;
  #trap: Trap | null = null;
  #flowing = deferred();

  private constructor(private readonly upstream: NetConnectOpts) {
    this.#flowing.resolve();
    this.#server = createServer((client) => {
      const passage = new Passage(client, connect(this.upstream), this);
      this.#passages.add(passage);
      client.once("close", () => this.#passages.delete(passage));
    });
  }

  static async open(upstream: NetConnectOpts): Promise<DatabaseWire> {
    const wire = new DatabaseWire(upstream);
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
  trap(choose: Choose): Trap {
    return (this.#trap = new Trap(choose));
  }

  /** Nothing is held or recorded any more; what is held is cut. */
  spring(): void {
    this.#trap?.cut();
    this.#trap = null;
    this.#recording = null;
  }

  /** Every connection breaks; new ones may be made. */
  cut(): void {
    for (const passage of this.#passages) passage.destroy();
  }

  /** The database takes questions and gives no answers, until `flow`. */
  stall(): void {
    this.#flowing = deferred();
  }

  flow(): void {
    this.#flowing.resolve();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  judge(statement: string): { trap: Trap; phase: Phase } | null {
    this.statements += 1;
    if (BACKGROUND.some((pattern) => pattern.test(statement))) return null;
    this.#recording?.push(statement);
    const phase = this.#trap?.choose(statement);
    return phase ? { trap: this.#trap!, phase } : null;
  }

  async untilItMayAnswer(): Promise<void> {
    await this.#flowing.promise;
    if (this.latencyMilliseconds > 0) await pause(this.latencyMilliseconds);
  }

  noteAnswer(answer: Buffer): void {
    const error = errorIn(answer);
    if (error !== null) this.errors.set(error, (this.errors.get(error) ?? 0) + 1);
  }
}
