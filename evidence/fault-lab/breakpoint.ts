import { deferred, pause } from "@/evidence/pause";

/** Where around a statement things stand still: it has not been sent; it has, and runs; it is done, and nobody knows yet. */
export type Phase = "before" | "during" | "after";

/** Decides where the statement with this number, counted from 1, is held, if at all. */
export type Choose = (statement: string, number: number) => Phase | null;

/** A connection that can be broken. */
interface Breakable {
  destroy: () => void;
}

/** Statements that stand still, with the connections they came on. */
export class Trap {
  readonly held: string[] = [];
  readonly #passages: Breakable[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  #seen = 0;

  constructor(private readonly decide: Choose) {}

  choose(statement: string): Phase | null {
    return this.decide(statement, ++this.#seen);
  }

  hold(passage: Breakable, statement: string): void {
    this.#passages.push(passage);
    this.held.push(statement);
    for (const { count, resolve } of this.#waiting) if (this.held.length >= count) resolve();
  }

  /** False if it has not come to that many after so many seconds. */
  async until(count: number, seconds: number): Promise<boolean> {
    if (this.held.length >= count) return true;
    const { promise, resolve } = deferred();
    this.#waiting.push({ count, resolve });
    await Promise.race([promise, pause(seconds * 1000)]);
    return this.held.length >= count;
  }

  /** The connections break; whether a statement took effect, its sender cannot know. */
  cut(): void {
    for (const passage of this.#passages) passage.destroy();
  }
}
