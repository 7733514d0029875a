import type { Socket } from "node:net";
import { PacketReader, statementIn } from "./mysql-packets";
import type { Phase, Breakpoint } from "./breakpoint";

/** What is done with statements and answers on their way. */
interface StatementHandler {
  /** Where to hold this statement, if anywhere. */
  breakpointFor: (statement: string) => { breakpoint: Breakpoint; phase: Phase } | null;
  countError: (response: Buffer) => void;
  waitBeforeResponse: () => Promise<void>;
}

/** One connection through the wire. */
export class ProxiedConnection {
  readonly #packets = new PacketReader();
  #held: { breakpoint: Breakpoint; phase: Phase; statement: string } | null = null;
  #answers: Promise<void> = Promise.resolve();
  #isAnswerDue = false;

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    private readonly wire: StatementHandler,
  ) {
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.destroy());
      socket.once("close", () => this.destroy());
    }
    client.on("data", (chunk: Buffer) => this.#packets.push(chunk).forEach((packet) => this.#ask(packet)));
    upstream.on("data", (chunk: Buffer) => this.#answer(chunk));
  }

  destroy(): void {
    this.client.destroy();
    this.upstream.destroy();
  }

  #ask(packet: Buffer): void {
    const statement = statementIn(packet);
    const verdict = statement === null ? null : this.wire.breakpointFor(statement);
    this.#isAnswerDue = statement !== null;
    if (verdict !== null) this.#held = { ...verdict, statement: statement! };
    if (verdict?.phase !== "before") this.upstream.write(packet);
    if (verdict !== null && verdict.phase !== "after") verdict.breakpoint.hold(this, statement!);
  }

  #answer(chunk: Buffer): void {
    if (this.#isAnswerDue) this.wire.countError(chunk);
    const isFirst = this.#isAnswerDue;
    this.#isAnswerDue = false;
    if (this.#held !== null) {
      if (isFirst && this.#held.phase === "after") this.#held.breakpoint.hold(this, this.#held.statement);
      return;
    }
    // In the order in which they came, however long one of them takes.
    this.#answers = this.#answers.then(() => this.wire.waitBeforeResponse()).then(() => void this.client.write(chunk));
  }
}
