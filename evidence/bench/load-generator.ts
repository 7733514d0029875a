import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { DATA } from "@/scripts/paths.mjs";
import { onExit } from "@/scripts/lifecycle.mjs";

/** Each connection has one request in flight at a time, until `seconds` or `count` is reached or a stop is sent. */
export interface LoadSpec {
  ports: number[];
  connections: number;
  /** Complete requests, sent round-robin. */
  requests: string[];
  /** Index of the first request to send. */
  from?: number;
  seconds?: number;
  count?: number;
  /** Closed loop: time between a response and the next request of the connection. */
  pauseMilliseconds?: number;
  /** Constant rate instead of closed loop. */
  perSecond?: number;
}

export interface LoadResult {
  seconds: number;
  /** Latencies in the order of the responses. */
  milliseconds: Float64Array;
  statuses: Record<number, number>;
  /** How many responses were a 503 with Retry-After. */
  retryLater: number;
  bytes: number;
  /** Event loop utilisation of the generator: near 1, the generator is the bottleneck. */
  utilization: number;
}

export const STOP = "stop";

/** Generates HTTP load in a separate process. */
export class LoadGenerator {
  /** Highest utilisation of any generator of this run. */
  static highestUtilization = 0;

  private constructor(private readonly child: ChildProcess) {}

  static start(): LoadGenerator {
    return new LoadGenerator(startProcess("bench-load"));
  }

  /** Throws unless every response has one of the statuses: the cost of refusals must not be measured by mistake. */
  async run(spec: LoadSpec, expected = [200]): Promise<LoadResult> {
    const result = await callProcess<LoadResult>(this.child, spec);
    LoadGenerator.highestUtilization = Math.max(LoadGenerator.highestUtilization, result.utilization);
    const wrong = Object.entries(result.statuses).filter(([seen]) => !expected.includes(Number(seen)));
    if (wrong.length > 0) {
      throw new Error(
        `Unexpected statuses instead of ${expected.join(" and ")}: ${wrong.map(([seen, count]) => `${count} × ${seen}`).join(", ")}`,
      );
    }
    return result;
  }

  /** Generates load while `work` runs. */
  async runDuring<Result>(spec: LoadSpec, work: () => Promise<Result>): Promise<{ load: LoadResult; result: Result }> {
    const [load, result] = await Promise.all([this.run(spec), work().finally(() => this.child.send(STOP))]);
    return { load, result };
  }
}

/** Starts a child process that responds to messages and exits with this process. */
export function startProcess(name: string): ChildProcess {
  const child = fork(join(DATA, "entry", `${name}.mjs`), { serialization: "advanced", execArgv: [] });
  child.unref();
  child.channel?.unref();
  onExit(() => child.kill());
  return child;
}

export function callProcess<Result>(child: ChildProcess, message: object): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onChildExit = () => reject(new Error("A child process of the bench exited unexpectedly"));
    child.channel?.ref();
    child.once("exit", onChildExit);
    child.once("message", (message: { result: Result } | { error: string }) => {
      child.channel?.unref();
      child.off("exit", onChildExit);
      if ("error" in message) reject(new Error(message.error));
      else resolve(message.result);
    });
    child.send(message);
  });
}
