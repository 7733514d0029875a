import "server-only";
import { availableParallelism, getPriority } from "node:os";
import { Worker } from "node:worker_threads";
import type { Options } from "@node-rs/argon2";

interface Job {
  password: string;
  /** Verify against this hash; without it, hash the password. */
  storedHash?: string;
  options?: Options;
}

type JobResult = { result: string | boolean } | { error: Error };

/**
 * The lowest priority. On a busy single core it would leave a hash a sixtieth of the processor, and a login would take seconds:
 * there 10, which leaves a tenth. Linux only: on other systems the priority applies to the whole process. Never below the nice value
 * of the process: raising a priority requires a privilege, and the worker would not start.
 */
const WORKER_NICENESS = Math.max(getPriority(), availableParallelism() > 1 ? 19 : 10);

// A string, as bundle, source and tests have no common file that a worker could be started from.
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
 * Worker threads for password hashing, at low priority: in libuv's thread pool hashes would delay DNS lookups, file I/O and
 * WebCrypto, and at normal priority every request. Starts one worker per concurrent job; callers bound the concurrency with
 * `hashLimiter`.
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
        reject(reason instanceof Error ? reason : new Error(`A password hash worker exited with code ${reason}.`));
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
    // A worker that exits while idle is removed.
    const remove = () => {
      const at = this.#idle.indexOf(worker);
      if (at !== -1) this.#idle.splice(at, 1);
    };
    return worker.on("error", remove).on("exit", remove);
  }
}

const SHARED = Symbol.for("portcullis.hash-worker-pool");

/** One pool per process: bundles have their own modules but share the processor's cores. */
export function hashWorkerPool(): HashWorkerPool {
  const shared = globalThis as { [SHARED]?: HashWorkerPool };
  return (shared[SHARED] ??= new HashWorkerPool());
}
