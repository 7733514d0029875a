import { join, relative } from "node:path";
import { startApp } from "./app.mjs";
import { startDevelopmentApp } from "./development-app.mjs";
import { isProduction, makeLocalSecrets, missingVariables, readEnvironment } from "./environment.mjs";
import { installPackages } from "./install.mjs";
import { leave, onLeave, onSignal } from "./lifecycle.mjs";
import { isTaken } from "./loopback.mjs";
import { provideDatabase } from "./mysql/provide.mjs";
import { Obstacle } from "./obstacle.mjs";
import { DATA, ROOT } from "./paths.mjs";
import { perform } from "./perform.mjs";
import { buildOnce } from "./production-build.mjs";
import { paint } from "./progress.mjs";
import { migrate } from "./schema.mjs";

/** @param {"production" | "development"} mode */
export async function serve(mode) {
  await perform(async ({ step, print }) => {
    const environment = readEnvironment();
    const inProduction = isProduction(environment);
    if (inProduction) insistOnConfiguration(environment);
    const port = readPort(environment.PORT);
    if (await isTaken(port))
      throw new Obstacle(`Port ${port} is in use. Stop what runs there, or choose another: PORT=${port + 1} npm start`);

    print(`\n  ${paint("bold", "Portcullis")}\n\n`);
    const secrets = inProduction ? {} : makeLocalSecrets(environment);
    const [, database] = await Promise.all([
      step("Packages", installPackages),
      step("MySQL", async (say) => {
        const directory = join(DATA, "mysql");
        const provided = await provideDatabase({ databaseUrl: environment.DATABASE_URL, directory, say });
        onLeave(provided.release);
        say(provided.version);
        return provided;
      }),
    ]);
    await Promise.all([
      step("Schema", async (say) => {
        say(await migrate(database.url));
      }),
      mode === "production" ? step("Build", buildOnce) : undefined,
    ]);

    const showsLog = inProduction || mode === "development";
    const log = showsLog ? "inherit" : join(DATA, "logs", `app-${port}.log`);
    const env = { ...environment, ...secrets, DATABASE_URL: database.url, NODE_ENV: mode };
    const app = await step("Server", async (say) => {
      const start = mode === "production" ? startApp : startDevelopmentApp;
      const started = await start({ port, env, log, until: "started", detached: true });
      onLeave(started.stop);
      await started.ready();
      say("ready");
      return started;
    });

    const address = environment.APP_ORIGIN ?? app.url;
    const facts = {
      Open: paint("bold", address),
      Database: database.isOurs
        ? `${database.version}, private to this folder, kept in ${relative(ROOT, DATA)}/mysql`
        : database.version,
      Secrets:
        Object.keys(secrets).length > 0
          ? "made just now, in .env.local"
          : inProduction
            ? "from the environment"
            : "as in .env.local",
      Log: showsLog ? "here" : `tail -f ${relative(ROOT, log)}   (LOG_LEVEL=${environment.LOG_LEVEL ?? "info"})`,
      Stop: "Ctrl-C; accounts and sessions are kept",
    };
    const lines = Object.entries(facts).map(([name, fact]) => `  ${paint("dim", name.padEnd(10))} ${fact}\n`);
    print(`\n${lines.join("")}\n`);

    let interrupted = false;
    onSignal(() => {
      if (interrupted) return void app.kill();
      interrupted = true;
      print("\n  Stopping: work in progress is finished first. Once more to stop at once.\n");
      void leave(0);
    });
    const { code, signal } = await app.exited;
    if (interrupted) return;
    throw new Obstacle(
      `The app ended by itself (${signal ?? `exit code ${code}`}).${showsLog ? "" : ` Its log: ${relative(ROOT, log)}`}`,
    );
  });
}

/**
 * In a production nothing is made up or provided: a forgotten variable must stop it.
 * @param {import("./environment.mjs").Environment} environment
 */
function insistOnConfiguration(environment) {
  const missing = missingVariables(environment);
  if (missing.length === 0) return;
  const verb = missing.length === 1 ? "is" : "are";
  throw new Obstacle(`NODE_ENV is production, and ${missing.join(", ")} ${verb} not set. Nothing was started.`);
}

/** @param {string | undefined} value */
function readPort(value = "3000") {
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Obstacle(`PORT must be a number from 1 to 65535, not ${JSON.stringify(value)}.`);
  return port;
}
