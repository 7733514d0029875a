import { newBrowser } from "@/evidence/fault-lab/crash-operations";
import type { Browser } from "@/evidence/fault-lab/browser";
import type { Lab } from "@/evidence/fault-lab/lab";
import { pause } from "@/evidence/pause";
import { waitUntil } from "./wait-until";

const EVERY_MILLISECONDS = 150;

/** Changes a name through one instance again and again: each success shows that this instance can write. */
export class ServiceProbe {
  #succeededAt = 0;
  #longestGap = 0;

  private constructor(
    readonly browser: Browser,
    private readonly instance: number,
  ) {}

  static async start(lab: Lab, instance: number): Promise<ServiceProbe> {
    return new ServiceProbe(await newBrowser(lab), instance);
  }

  /** From now on the longest interval without a success is measured. */
  beginMeasurement(): void {
    this.#longestGap = 0;
    this.#succeededAt = performance.now();
  }

  get secondsWithoutService(): number {
    return this.#longestGap / 1000;
  }

  async waitUntilServed(): Promise<void> {
    const since = performance.now();
    await waitUntil(`instance ${this.instance} writes again`, () => this.#succeededAt > since);
  }

  /** Resolves when the run has ended. */
  async run(): Promise<void> {
    for (let turn = 0; !this.browser.lab.hasEnded; turn++) {
      const input = { fullName: `Ada Moat ${turn}` };
      const { kind } = await this.browser.mutate("users.update", input, { instance: this.instance });
      const now = performance.now();
      if (kind === "fine") {
        this.#longestGap = Math.max(this.#longestGap, now - this.#succeededAt);
        this.#succeededAt = now;
      }
      await pause(EVERY_MILLISECONDS);
    }
  }
}
