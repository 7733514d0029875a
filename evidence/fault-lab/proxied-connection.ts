import type { Socket } from "node:net";
import type { Phase, Breakpoint } from "./breakpoint";
import { PacketReader, statementIn } from "./mysql-packets";

/** Implemented by the database proxy. */
interface StatementHandler {
  /** The breakpoint that holds this statement, or null. */
  breakpointFor: (statement: string) => { breakpoint: Breakpoint; phase: Phase } | null;
  countError: (response: Buffer) => void;
  waitBeforeResponse: () => Promise<void>;
}

/** One client connection and its connection to the database. */
export class ProxiedConnection {
  readonly #packets = new PacketReader();
  #held: { breakpoint: Breakpoint; phase: Phase; statement: string } | null = null;
  #responses: Promise<void> = Promise.resolve();
  #expectsResponse = false;

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    private readonly handler: StatementHandler,
  ) {
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.destroy());
      socket.once("close", () => this.destroy());
    }
    client.on("data", (chunk: Buffer) => this.#packets.push(chunk).forEach((packet) => this.#forwardStatement(packet)));
    upstream.on("data", (chunk: Buffer) => this.#forwardResponse(chunk));
  }

  destroy(): void {
    this.client.destroy();
    this.upstream.destroy();
  }

  #forwardStatement(packet: Buffer): void {
    const statement = statementIn(packet);
    const match = statement === null ? null : this.handler.breakpointFor(statement);
    this.#expectsResponse = statement !== null;
    if (match !== null) this.#held = { ...match, statement: statement! };
    if (match?.phase !== "before") this.upstream.write(packet);
    if (match !== null && match.phase !== "after") match.breakpoint.hold(this, statement!);
  }

  #forwardResponse(chunk: Buffer): void {
    if (this.#expectsResponse) this.handler.countError(chunk);
    const isFirst = this.#expectsResponse;
    this.#expectsResponse = false;
    if (this.#held !== null) {
      if (isFirst && this.#held.phase === "after") this.#held.breakpoint.hold(this, this.#held.statement);
      return;
    }
    // Keeps the order of responses although each may be delayed.
    this.#responses = this.#responses
      .then(() => this.handler.waitBeforeResponse())
      .then(() => void this.client.write(chunk));
  }
}
