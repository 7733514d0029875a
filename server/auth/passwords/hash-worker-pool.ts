import "server-only";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Options } from "@node-rs/argon2";

interface Job {
  password: string;
  /** To be compared with; without it the password is hashed. */
  storedHash?: string;
  options?: Options;
}

type JobResult = { result: string | boolean } | { error: Error };

/**
 * As far aside as there is. On a single core that is never idle this would leave a hash a sixtieth of it, and a login would take
 * seconds: there, a tenth. Linux gives each thread a priority of its own; elsewhere this would slow down the whole process.
 */
const WORKER_NICENESS = availableParallelism() > 1 ? 19 : 10;

// In one string: what is bundled, served from source and tested has no file in common that a thread could start from.
const WORKER_SOURCE = `
const { setPriority } = require("node:os");
const { parentPort } = require("node:worker_threads");
const { hashSync, verifySync } = require("@node-rs/argon2");
if (process.platform === "linux") setPriority(${WORKER_NICENESS});
parentPort.on("message", ({ password, storedHash, options }) => {
  try {
    const result = storedHash === undefined ? hashSync(password, options) : verifySync(storedHash, password);
    parentPort.postMessage({ result });
  } catch (error) {
    parentPort.postMessage({ error });
  }
});
`;

/**
 * Threads that do nothing but hash passwords, and step aside for whatever else the machine has to do: in libuv's pool hashes
 * would hold up name look-ups, files and WebCrypto, and at the priority of the event loop every call. Starts as many as
 * are asked for at once; whoever asks bounds them.
 */
export class HashWorkerPool {
  readonly #idle: Worker[] = [];

  async hash(password: string, options: Options): Promise<string> {
    return (await this.#run({ password, options })) as string;
  }

  async verify(storedHash: string, password: string): Promise<boolean> {
    return (await this.#run({ password, storedHash })) as boolean;
  }

  #run(job: Job): Promise<string | boolean> {
    const worker = this.#idle.pop() ?? this.#start();
    return new Promise((resolve, reject) => {
      const fail = (reason: Error | number) => {
        reject(reason instanceof Error ? reason : new Error(`A worker that hashes passwords ended with ${reason}.`));
      };
      worker.once("error", fail).once("exit", fail);
      worker.once("message", (result: JobResult) => {
        worker.off("error", fail).off("exit", fail).unref();
        this.#idle.push(worker);
        if ("error" in result) reject(result.error);
        else resolve(result.result);
      });
      worker.ref();
      worker.postMessage(job);
    });
  }

  #start(): Worker {
    const worker = new Worker(WORKER_SOURCE, { eval: true });
    // One that dies while it has nothing to do is not missed by anybody.
    const forget = () => {
      const at = this.#idle.indexOf(worker);
      if (at !== -1) this.#idle.splice(at, 1);
    };
    return worker.on("error", forget).on("exit", forget);
  }
}

const SHARED = Symbol.for("portcullis.hash-worker-pool");

/** This process's threads: bundles have their own modules but share the machine's cores. */
export function hashWorkerPool(): HashWorkerPool {
  const shared = globalThis as { [SHARED]?: HashWorkerPool };
  return (shared[SHARED] ??= new HashWorkerPool());
}
