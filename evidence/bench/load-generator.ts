import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { DATA } from "@/scripts/paths.mjs";
import { onExit } from "@/scripts/lifecycle.mjs";

/** So many connections, each with one request under way at a time, until the time is over or the number is reached. */
export interface LoadSpec {
  ports: number[];
  connections: number;
  /** Whole requests, sent in turn and again from the first. */
  requests: string[];
  /** Which of them is the first. */
  from?: number;
  seconds?: number;
  count?: number;
  /** At this pace instead of as fast as the answers come. */
  perSecond?: number;
}

export interface LoadResult {
  seconds: number;
  /** Of every request, in the order of the answers. */
  milliseconds: Float64Array;
  statuses: Record<number, number>;
  bytes: number;
  /** How busy the generator itself was: near 1 it would be measuring itself. */
  utilization: number;
}

/** A process that asks as fast, or as often, as it is told. */
export class LoadGenerator {
  /** The busiest that any generator of this run was. */
  static highestUtilization = 0;

  private constructor(private readonly child: ChildProcess) {}

  static start(): LoadGenerator {
    return new LoadGenerator(startProcess("bench-load"));
  }

  /** Throws unless every answer has the status: what a refusal costs is not what was asked. */
  async run(spec: LoadSpec, status = 200): Promise<LoadResult> {
    const result = await callProcess<LoadResult>(this.child, spec);
    LoadGenerator.highestUtilization = Math.max(LoadGenerator.highestUtilization, result.utilization);
    const wrong = Object.entries(result.statuses).filter(([seen]) => Number(seen) !== status);
    if (wrong.length > 0) {
      throw new Error(
        `Not every answer was ${status}: ${wrong.map(([seen, count]) => `${count} × ${seen}`).join(", ")}`,
      );
    }
    return result;
  }
}

/** A process of ours that answers messages, until this one ends. */
export function startProcess(name: string): ChildProcess {
  const child = fork(join(DATA, "entry", `${name}.mjs`), { serialization: "advanced", execArgv: [] });
  child.unref();
  child.channel?.unref();
  onExit(() => child.kill());
  return child;
}

export function callProcess<Result>(child: ChildProcess, question: object): Promise<Result> {
  return new Promise((resolve, reject) => {
    const lose = () => reject(new Error("A process of the bench ended by itself"));
    child.channel?.ref();
    child.once("exit", lose);
    child.once("message", (message: { result: Result } | { error: string }) => {
      child.channel?.unref();
      child.off("exit", lose);
      if ("error" in message) reject(new Error(message.error));
      else resolve(message.result);
    });
    child.send(question);
  });
}
