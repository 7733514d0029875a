import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { DATA } from "@/scripts/paths.mjs";
import { paint } from "@/scripts/progress.mjs";
import type { Measurement } from "./measurements";
import { LoadGenerator } from "./load-generator";
import type { Options } from "./options";
import { markdownTable, table } from "./table";

/** Above this utilisation the load generator may be the bottleneck. */
const BUSY_GENERATOR = 0.85;

/** Prints the table and writes it to files. Returns whether all thresholds hold; in a quick run only those far off fail. */
export function report(
  options: Options,
  server: string,
  measurements: readonly Measurement[],
  print: (text: string) => void,
): boolean {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? "unknown"}), Node ${process.versions.node}, ${server}`;
  print(`\n  ${machine}\n\n${table(measurements)}\n`);
  const generator = `Load generator utilisation: at most ${Math.round(LoadGenerator.highestUtilization * 100)} %`;
  const verdict =
    LoadGenerator.highestUtilization < BUSY_GENERATOR
      ? "it did not limit the results."
      : "it may have limited the results.";
  if (LoadGenerator.highestUtilization > 0) print(`\n  ${generator}: ${verdict}\n`);
  const allowance = options.isQuick
    ? "Quick run: only thresholds that are far off count as failed.\n"
    : "Ratios compare alternating slices of this run; minimum and maximum are in parentheses.\n";
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
  print(`  Full report: ${file}\n`);
  return failed.length === 0;
}
