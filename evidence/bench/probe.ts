export interface Memory {
  rss: number;
  heapUsed: number;
  external: number;
}

export interface LoopDelay {
  p50: number;
  p99: number;
  max: number;
}

export interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
    children?: number[];
  }[];
  samples: number[];
  timeDeltas: number[];
}

/** Asks an app's process about itself: see probe.mjs, which was loaded into it. */
export class Probe {
  constructor(private readonly port: number) {}

  /** Processor time that it has used so far. */
  async cpuMicroseconds(): Promise<number> {
    return (await this.cpuTime()).microseconds;
  }

  /** The same, and of it what the threads that hash have used. Null where that is not known. */
  cpuTime(): Promise<{ microseconds: number; hashing: number | null }> {
    return this.#get("cpu");
  }

  /** After everything that can be thrown away was. */
  memory(): Promise<Memory> {
    return this.#get("memory");
  }

  /** How late its event loop was, in milliseconds, while `work` ran. Includes the 5 ms of its own ticking. */
  async loopDelayDuring(work: () => Promise<unknown>): Promise<LoopDelay> {
    await this.#get("loop/start");
    await work();
    return this.#get("loop/stop");
  }

  async profileDuring(work: () => Promise<unknown>): Promise<CpuProfile> {
    await this.#get("profile/start");
    await work();
    return this.#get("profile/stop");
  }

  async #get<Result>(path: string): Promise<Result> {
    const response = await fetch(`http://127.0.0.1:${this.port}/${path}`);
    return (await response.json()) as Result;
  }
}
