import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { exit, onExit } from "@/scripts/lifecycle.mjs";
import { withLock } from "@/scripts/lock.mjs";
import { provideServer } from "@/scripts/mysql/provide.mjs";
import { DATA } from "@/scripts/paths.mjs";
import { runCli } from "@/scripts/run-cli.mjs";
import { buildOnce } from "@/scripts/production-build.mjs";
import { buildBare, buildDear, buildTwins } from "./build";
import type { Finding } from "./findings";
import { Load } from "./load";
import { readOptions } from "./options";
import { profile, profileTable } from "./profile";
import { report } from "./report";
import { ORIGIN } from "./requests";
import { ROWS } from "./rows";
import { Stage } from "./stage";

const FOLDER = join(DATA, "bench");

// Tokens are made here and judged by the apps: all of them have one configuration.
Object.assign(process.env, {
  NODE_ENV: "production",
  APP_ORIGIN: ORIGIN,
  SESSION_SECRET: randomBytes(32).toString("base64url"),
  JWT_ACCESS_SECRET: randomBytes(32).toString("base64url"),
  DATABASE_URL: "mysql://nobody@127.0.0.1:9/nothing",
});

// The servers that were started must not outlive whatever went wrong.
process.once("uncaughtException", (error) => {
  console.error(error);
  void exit(1);
});

await withLock(`${FOLDER}.lock`, () =>
  runCli(async ({ step, print }) => {
    const options = readOptions(process.argv.slice(2));
    print(`\n  Portcullis  bench${options.isQuick ? ", a short run" : ""}\n\n`);
    rmSync(join(FOLDER, "logs"), { recursive: true, force: true });
    await step("Build", buildOnce);
    await step("Twins", buildTwins);
    await step("Empty app", buildBare);
    if (options.rows.includes("logins") && !options.isQuick) await step("Dear app", buildDear);
    const server = await step("MySQL", async (say) => {
      const provided = await provideServer({ directory: join(FOLDER, "mysql"), say, fresh: true });
      onExit(provided.stop);
      say(provided.version);
      return provided;
    });
    const bench = { options, stage: new Stage(server), load: Load.start() };
    const findings: Finding[] = [];
    for (const name of options.rows) {
      findings.push(...(await step(name[0]!.toUpperCase() + name.slice(1), (say) => ROWS[name](bench, say))));
    }
    if (options.profiles) {
      const profiled = await step("Profile", (say) => profile(bench, say));
      print(
        `\n${profileTable(profiled)}\n\n  The profiles themselves, for a browser's tools: ${FOLDER}/*.cpuprofile\n`,
      );
    }
    const isGood = report(options, server.version, findings, print);
    await exit(isGood ? 0 : 1);
  }),
);
