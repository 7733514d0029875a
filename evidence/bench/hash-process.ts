import { performance } from "node:perf_hooks";
import { verify } from "@node-rs/argon2";

export interface HashSpec {
  hash: string;
  password: string;
  atOnce: number;
  seconds: number;
}

export interface HashResult {
  perSecond: number;
  /** CPU time of one hash. */
  cpuMicroseconds: number;
}

// The raw hash rate of the machine, at the app's concurrency.
process.on("message", (spec: HashSpec) => {
  run(spec).then(
    (result) => process.send!({ result }),
    (error: unknown) => process.send!({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));

async function run({ hash, password, atOnce, seconds }: HashSpec): Promise<HashResult> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  let count = 0;
  const worker = async () => {
    while (performance.now() - startedAt < seconds * 1000) {
      await verify(hash, password);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: count / ((performance.now() - startedAt) / 1000), cpuMicroseconds: (user + system) / count };
}
