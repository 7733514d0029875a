/** Longer than a statement or a hash takes; whoever is not back by then waits for somebody else's lock. */
const BLOCKED_AFTER_MILLISECONDS = 40;

/**
 * Decides who of several may go on: everybody pauses after each statement, and one at a time is let go, chosen by the score. So
 * a history is played again by its score. Who is held up by a lock in the database is left alone until it comes back.
 */
export class Scheduler {
  readonly #paused = new Map<number, () => void>();
  readonly #running = new Set<number>();
  readonly #blocked = new Set<number>();
  #onChange = () => {};

  /** The score names a player for each beat; if that one cannot go on, the next one does. */
  constructor(private readonly schedule: number[]) {}

  /** Runs all players to their end. Each is given its own way to pause. */
  async run(tasks: ((pause: () => Promise<void>) => Promise<void>)[]): Promise<void> {
    const ends = tasks.map((run, task) => {
      this.#running.add(task);
      return this.#pause(task)
        .then(() => run(() => this.#pause(task)))
        .finally(() => this.#remove(task));
    });
    for (let step = 0; ; step++) {
      await this.#untilIdle();
      const waiting = [...this.#paused.keys()].sort();
      if (waiting.length === 0 && this.#running.size === 0 && this.#blocked.size === 0) break;
      const next = this.schedule[step % this.schedule.length]!;
      const chosen = waiting.find((task) => task >= next) ?? waiting[0];
      if (chosen !== undefined) this.#resume(chosen);
    }
    await Promise.all(ends);
  }

  #pause(task: number): Promise<void> {
    return new Promise((resolve) => {
      this.#paused.set(task, resolve);
      this.#remove(task);
    });
  }

  #resume(task: number): void {
    const resume = this.#paused.get(task)!;
    this.#paused.delete(task);
    this.#running.add(task);
    resume();
  }

  #remove(task: number): void {
    this.#running.delete(task);
    this.#blocked.delete(task);
    this.#onChange();
  }

  /** Until nobody moves, or those who do seem to be stuck. With nobody to let go there is nothing to do but wait. */
  async #untilIdle(): Promise<void> {
    while (this.#running.size > 0 || (this.#paused.size === 0 && this.#blocked.size > 0)) {
      const isSlow = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), BLOCKED_AFTER_MILLISECONDS);
        this.#onChange = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      if (!isSlow) continue;
      for (const task of this.#running) this.#blocked.add(task);
      this.#running.clear();
    }
  }
}
