import { deferred, pause } from "@/evidence/pause";

/** Where around a statement things stand still: it has not been sent; it has, and runs; it is done, and nobody knows yet. */
export type Phase = "before" | "during" | "after";

/** Decides where the statement with this number, counted from 1, is held, if at all. */
export type BreakpointCondition = (statement: string, number: number) => Phase | null;

/** A connection that can be broken. */
interface HeldConnection {
  destroy: () => void;
}

/** Statements that stand still, with the connections they came on. */
export class Breakpoint {
  readonly held: string[] = [];
  readonly #connections: HeldConnection[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  #seen = 0;

  constructor(private readonly decide: BreakpointCondition) {}

  phaseFor(statement: string): Phase | null {
    return this.decide(statement, ++this.#seen);
  }

  hold(connection: HeldConnection, statement: string): void {
    this.#connections.push(connection);
    this.held.push(statement);
    for (const { count, resolve } of this.#waiting) if (this.held.length >= count) resolve();
  }

  /** False if it has not come to that many after so many seconds. */
  async waitForHeld(count: number, seconds: number): Promise<boolean> {
    if (this.held.length >= count) return true;
    const { promise, resolve } = deferred();
    this.#waiting.push({ count, resolve });
    await Promise.race([promise, pause(seconds * 1000)]);
    return this.held.length >= count;
  }

  /** The connections break; whether a statement took effect, its sender cannot know. */
  closeConnections(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}
