import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findServerPort } from "@/scripts/loopback.mjs";
import { ROOT } from "@/scripts/paths.mjs";
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

/** Client of app-probe-server.mjs in an app's process. */
export class Probe {
  private constructor(private readonly port: number) {}

  static async onFreePort(): Promise<Probe> {
    return new Probe(await findServerPort());
  }

  /** Variables with which the app starts the probe. */
  get environment(): Record<string, string> {
    const file = pathToFileURL(join(ROOT, "evidence", "app-probe-server.mjs"));
    return { NODE_OPTIONS: `--import=${file}`, APP_PROBE_PORT: String(this.port) };
  }

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
