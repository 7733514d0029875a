import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { DATA } from "@/scripts/paths.mjs";
import { paint } from "@/scripts/progress.mjs";
import type { Measurement } from "./measurements";
import { LoadGenerator } from "./load-generator";
import type { Options } from "./options";
import { markdownTable, table } from "./table";

/** Above this the load generator might have measured itself. */
const BUSY_GENERATOR = 0.85;

/** The one table for people, and the same in files. True if no bar was missed, or, in a quick run, none by far. */
export function report(
  options: Options,
  server: string,
  measurements: readonly Measurement[],
  print: (text: string) => void,
): boolean {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), Node ${process.versions.node}, ${server}`;
  print(`\n  ${machine}\n\n${table(measurements)}\n`);
  const generator = `The load generator was busy ${Math.round(LoadGenerator.highestUtilization * 100)} % of the time at the most`;
  const verdict =
    LoadGenerator.highestUtilization < BUSY_GENERATOR
      ? "it was not what limited anything."
      : "it may be what was measured.";
  if (LoadGenerator.highestUtilization > 0) print(`\n  ${generator}: ${verdict}\n`);
  const allowance = options.isQuick
    ? "A short run: only a bar that is far off counts as failed.\n"
    : "Ratios are of two things that took turns in this run; in brackets the worst and the best turn.\n";
  print(`  ${paint("dim", allowance)}`);

  const failing = options.isQuick ? ["far off"] : ["far off", "missed"];
  const judged = measurements.filter(({ verdict }) => verdict !== null);
  const failed = judged.filter(({ verdict }) => failing.includes(verdict!));
  const whole = {
    machine,
    generatorBusiest: LoadGenerator.highestUtilization,
    options,
    passed: judged.length - failed.length,
    failed: failed.length,
    measurements,
  };
  const folder = join(DATA, "bench");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
  for (const path of [file, ...(options.reportFile === undefined ? [] : [options.reportFile])]) {
    writeFileSync(path, `${JSON.stringify(whole, null, 2)}\n`);
  }
  writeFileSync(file.replace(/json$/, "md"), `${markdownTable(measurements)}\n`);
  print(`  All of it: ${file}\n`);
  return failed.length === 0;
}
