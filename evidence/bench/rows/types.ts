import { join } from "node:path";
import type { Row } from "@/evidence/bench/bench";
import { summarise } from "@/evidence/bench/figures";
import { finding, seconds } from "@/evidence/bench/findings";
import { mustRun } from "@/scripts/command.mjs";
import { DATA, ROOT } from "@/scripts/paths.mjs";

const TIMES = 3;

/** How long it takes to know that every call and its answer fit, from nothing. */
export const types: Row = async (_, say) => {
  const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const taken: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    say(`${time + 1} of ${TIMES}`);
    const startedAt = performance.now();
    await mustRun(process.execPath, [tsc, "--noEmit", "--incremental", "false"], {
      log: join(DATA, "bench", "logs", "types.log"),
    });
    taken.push((performance.now() - startedAt) / 1000);
  }
  return [finding("Type check of everything", summarise(taken), { show: seconds })];
};
