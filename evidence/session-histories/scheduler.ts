/** Longer than a statement or a hash takes; whoever is not back by then waits for somebody else's lock. */
const PATIENCE_MILLISECONDS = 40;

/**
 * Decides who of several may go on: everybody pauses after each statement, and one at a time is let go, chosen by the score. So
 * a history is played again by its score. Who is held up by a lock in the database is left alone until it comes back.
 */
export class Conductor {
  readonly #paused = new Map<number, () => void>();
  readonly #moving = new Set<number>();
  readonly #stuck = new Set<number>();
  #changed = () => {};

  /** The score names a player for each beat; if that one cannot go on, the next one does. */
  constructor(private readonly score: number[]) {}

  /** Runs all players to their end. Each is given its own way to pause. */
  async conduct(players: ((pause: () => Promise<void>) => Promise<void>)[]): Promise<void> {
    const ends = players.map((play, player) => {
      this.#moving.add(player);
      return this.#pause(player)
        .then(() => play(() => this.#pause(player)))
        .finally(() => this.#leave(player));
    });
    for (let beat = 0; ; beat++) {
      await this.#everybodyElse();
      const waiting = [...this.#paused.keys()].sort();
      if (waiting.length === 0 && this.#moving.size === 0 && this.#stuck.size === 0) break;
      const due = this.score[beat % this.score.length]!;
      const chosen = waiting.find((player) => player >= due) ?? waiting[0];
      if (chosen !== undefined) this.#letGo(chosen);
    }
    await Promise.all(ends);
  }

  #pause(player: number): Promise<void> {
    return new Promise((resolve) => {
      this.#paused.set(player, resolve);
      this.#leave(player);
    });
  }

  #letGo(player: number): void {
    const resume = this.#paused.get(player)!;
    this.#paused.delete(player);
    this.#moving.add(player);
    resume();
  }

  #leave(player: number): void {
    this.#moving.delete(player);
    this.#stuck.delete(player);
    this.#changed();
  }

  /** Until nobody moves, or those who do seem to be stuck. With nobody to let go there is nothing to do but wait. */
  async #everybodyElse(): Promise<void> {
    while (this.#moving.size > 0 || (this.#paused.size === 0 && this.#stuck.size > 0)) {
      const isSlow = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), PATIENCE_MILLISECONDS);
        this.#changed = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      if (!isSlow) continue;
      for (const player of this.#moving) this.#stuck.add(player);
      this.#moving.clear();
    }
  }
}
