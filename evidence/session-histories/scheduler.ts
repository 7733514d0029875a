/** Longer than a statement or a hash takes: a task that is not back by then waits for a lock. */
const BLOCKED_AFTER_MILLISECONDS = 40;

/**
 * Runs tasks one at a time: each pauses after every statement, and the schedule chooses the next one to resume, so that a
 * history can be replayed. A task that waits for a database lock is set aside until it returns.
 */
export class Scheduler {
  readonly #paused = new Map<number, () => void>();
  readonly #running = new Set<number>();
  readonly #blocked = new Set<number>();
  #onChange = () => {};

  /** The schedule names a task for each step; if it is not ready, the next ready one runs. */
  constructor(private readonly schedule: number[]) {}

  /** Runs all tasks to their end. Each receives a function that pauses it. */
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

  /** Waits until no task is running, or all running ones are blocked; if no task is ready, waits for a blocked one. */
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
