import { deferred, pause } from "@/evidence/pause";

/** Where a statement is held: before it is sent, while it runs, or after it took effect but before its response is forwarded. */
export type Phase = "before" | "during" | "after";

/** Statements are numbered from 1. Null lets the statement pass. */
export type BreakpointCondition = (statement: string, number: number) => Phase | null;

interface HeldConnection {
  destroy: () => void;
}

/** Holds matching statements and the connections they arrived on. */
export class Breakpoint {
  readonly held: string[] = [];
  readonly #connections: HeldConnection[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  #seen = 0;

  constructor(private readonly condition: BreakpointCondition) {}

  phaseFor(statement: string): Phase | null {
    return this.condition(statement, ++this.#seen);
  }

  hold(connection: HeldConnection, statement: string): void {
    this.#connections.push(connection);
    this.held.push(statement);
    for (const { count, resolve } of this.#waiting) if (this.held.length >= count) resolve();
  }

  /** False if fewer than `count` statements are held after this time. */
  async waitForHeld(count: number, seconds: number): Promise<boolean> {
    if (this.held.length >= count) return true;
    const { promise, resolve } = deferred();
    this.#waiting.push({ count, resolve });
    await Promise.race([promise, pause(seconds * 1000)]);
    return this.held.length >= count;
  }

  /** The sender cannot tell whether its statement took effect. */
  closeConnections(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}
