import { join } from "node:path";
import { runProgram } from "@/evidence/run-program";
import { DATA } from "@/scripts/paths.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { buildEmptyApp, buildSlowHashApp, buildBaseline } from "./build";
import type { Measurement } from "./measurements";
import { LoadGenerator } from "./load-generator";
import { readOptions, USAGE } from "./options";
import { profile, profileTable } from "./profile";
import { report } from "./report";
import { BENCHMARKS } from "./benchmarks";
import { TestBed } from "./test-bed";

const FOLDER = join(DATA, "bench");

await runProgram("bench", USAGE, async (values, { step, print }) => {
  const options = readOptions(values);
  print(`\n  Portcullis  bench${options.isQuick ? ", quick run" : ""}\n\n`);
  await step("Build", buildOnce);
  await step("Baseline", buildBaseline);
  await step("Empty app", buildEmptyApp);
  if (options.benchmarks.includes("logins") && !options.isQuick) await step("Slow hash", buildSlowHashApp);
  const testBed = await step("MySQL", (onProgress) => TestBed.start(FOLDER, onProgress));
  const context = { options, testBed, loadGenerator: LoadGenerator.start() };
  const measurements: Measurement[] = [];
  for (const name of options.benchmarks) {
    measurements.push(
      ...(await step(name[0]!.toUpperCase() + name.slice(1), (onProgress) => BENCHMARKS[name](context, onProgress))),
    );
  }
  if (options.profiles) {
    const profiled = await step("Profile", (onProgress) => profile(context, onProgress));
    print(`\n${profileTable(profiled)}\n\n  CPU profiles for the browser's developer tools: ${FOLDER}/*.cpuprofile\n`);
  }
  return report(options, testBed.server.version, measurements, print);
});
