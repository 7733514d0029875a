import { join } from "node:path";
import type { Benchmark } from "@/evidence/bench/benchmark";
import { summarise } from "@/evidence/statistics";
import { measurement, seconds } from "@/evidence/bench/measurements";
import { runOrThrow } from "@/scripts/command.mjs";
import { DATA, ROOT } from "@/scripts/paths.mjs";

const TIMES = 3;

/** Duration of a full type check without incremental state. */
export const types: Benchmark = async (_, onProgress) => {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const taken: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    onProgress(`${time + 1} of ${TIMES}`);
    const startedAt = performance.now();
    await runOrThrow(process.execPath, [tsc, "--noEmit", "--incremental", "false"], {
      log: join(DATA, "bench", "logs", "types.log"),
    });
    taken.push((performance.now() - startedAt) / 1000);
  }
  return [measurement("Type check", summarise(taken), { format: seconds })];
};
