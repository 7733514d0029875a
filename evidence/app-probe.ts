import { fetchResponse } from "./http-client";

export interface Memory {
  rss: number;
  heapUsed: number;
  external: number;
}

/** Event loop delay in milliseconds. */
export interface LoopDelay {
  p50: number;
  p99: number;
  max: number;
  /** The p99 without the time in which the thread waited for a CPU. */
  ownP99: number;
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

/** Client of app-probe.mjs in an app's process. */
export class Probe {
  constructor(private readonly port: number) {}

  /** CPU time of the process so far. */
  async cpuMicroseconds(): Promise<number> {
    return (await this.cpuTime()).microseconds;
  }

  /** CPU time of the process, and that of its hash workers; null if not available. */
  cpuTime(): Promise<{ microseconds: number; hashing: number | null }> {
    return this.#get("cpu");
  }

  /** Memory after garbage collection. */
  memory(): Promise<Memory> {
    return this.#get("memory");
  }

  /** Runs `work` and measures the event loop delay meanwhile. */
  async loopDelayDuring<Result>(work: () => Promise<Result>): Promise<{ result: Result; loop: LoopDelay }> {
    await this.#get("loop/start");
    const result = await work();
    return { result, loop: await this.#get("loop/stop") };
  }

  async profileDuring(work: () => Promise<unknown>): Promise<CpuProfile> {
    await this.#get("profile/start");
    await work();
    return this.#get("profile/stop");
  }

  async #get<Result>(path: string): Promise<Result> {
    // A profile takes long to serialize.
    const { body } = await fetchResponse({ port: this.port, path: `/${path}`, timeoutMilliseconds: 120_000 });
    return JSON.parse(body) as Result;
  }
}
