import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { exit, onExit } from "@/scripts/lifecycle.mjs";
import { withLock } from "@/scripts/lock.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { runCli } from "@/scripts/run-cli.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { buildEmptyApp, buildSlowHashApp, buildBaseline } from "./build";
import type { Measurement } from "./measurements";
import { LoadGenerator } from "./load-generator";
import { readOptions } from "./options";
import { profile, profileTable } from "./profile";
import { report } from "./report";
import { ORIGIN } from "./requests";
import { BENCHMARKS } from "./benchmarks";
import { TestBed } from "./test-bed";

const FOLDER = join(DATA, "bench");

// The bench signs tokens that the apps verify: all share one configuration.
Object.assign(process.env, {
  NODE_ENV: "production",
  APP_ORIGIN: ORIGIN,
  SESSION_SECRET: randomBytes(32).toString("base64url"),
  JWT_ACCESS_SECRET: randomBytes(32).toString("base64url"),
  DATABASE_URL: "mysql://nobody@127.0.0.1:9/nothing",
});

// Stop the started servers on any error.
process.once("uncaughtException", (error) => {
  console.error(error);
  void exit(1);
});

await withLock(`${FOLDER}.lock`, () =>
  runCli(async ({ step, print }) => {
    const options = readOptions(process.argv.slice(2));
    print(`\n  Portcullis  bench${options.isQuick ? ", quick run" : ""}\n\n`);
    rmSync(join(FOLDER, "logs"), { recursive: true, force: true });
    await step("Build", buildOnce);
    await step("Baseline", buildBaseline);
    await step("Empty app", buildEmptyApp);
    if (options.benchmarks.includes("logins") && !options.isQuick) await step("Slow hash", buildSlowHashApp);
    const server = await step("MySQL", async (onProgress) => {
      const provided = await provideServer({ directory: join(FOLDER, "mysql"), onProgress, fresh: true });
      onExit(provided.stop);
      onProgress(provided.version);
      return provided;
    });
    const context = { options, testBed: new TestBed(server), loadGenerator: LoadGenerator.start() };
    const measurements: Measurement[] = [];
    for (const name of options.benchmarks) {
      measurements.push(
        ...(await step(name[0]!.toUpperCase() + name.slice(1), (onProgress) => BENCHMARKS[name](context, onProgress))),
      );
    }
    if (options.profiles) {
      const profiled = await step("Profile", (onProgress) => profile(context, onProgress));
      print(
        `\n${profileTable(profiled)}\n\n  CPU profiles for the browser's developer tools: ${FOLDER}/*.cpuprofile\n`,
      );
    }
    const isGood = report(options, server.version, measurements, print);
    await exit(isGood ? 0 : 1);
  }),
);
