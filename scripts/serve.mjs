import { join, relative } from "node:path";
import { findRecordedApp, startApp } from "./app.mjs";
import { validateEnvironment } from "./validate-environment.mjs";
import { startDevelopmentApp } from "./development-app.mjs";
import {
  isProduction,
  makeLocalSecrets,
  missingVariables,
  readEnvironment,
  readSources,
  reconcileAddress,
} from "./environment.mjs";
import { installPackages, packagesAreInstalled } from "./install.mjs";
import { exit, onExit, onSignal } from "./lifecycle.mjs";
import { isRunning, pidOf, waitForExit } from "./process-identity.mjs";
import { withLock } from "./lock.mjs";
import { findListener, isPortInUse } from "./loopback.mjs";
import { addressOf } from "./mysql/external-server.mjs";
import { provideDatabase } from "./mysql/provide.mjs";
import { UserError } from "./user-error.mjs";
import { DATA, ROOT } from "./paths.mjs";
import { runCli } from "./run-cli.mjs";
import { prepareFolders } from "./private-files.mjs";
import { buildOnce } from "./production-build.mjs";
import { paint } from "./progress.mjs";
import { migrate } from "./schema.mjs";

/** The app finishes its work within 10 s. */
const STOP_SECONDS = 12;

/** @param {"production" | "development"} mode */
export async function serve(mode) {
  await runCli(async ({ step, print }) => {
    const inProduction = isProduction(readEnvironment());
    if (inProduction) requireVariables(readEnvironment());
    prepareFolders();
    const made = inProduction
      ? {}
      : await withLock(join(DATA, "secrets.lock"), async () => makeLocalSecrets(readEnvironment()));
    const settled = reconcileAddress(readSources());
    if (settled.problem !== undefined) throw new UserError(settled.problem);
    const environment = readEnvironment();
    if (settled.origin !== undefined) environment.APP_ORIGIN = settled.origin;
    const port = readPort(settled.port ?? environment.PORT);
    if (environment.DATABASE_URL) addressOf(environment.DATABASE_URL);
    await freePort(port, print);

    print(`\n  ${paint("bold", "Portcullis")}\n\n`);
    const configured = () =>
      step("Settings", () => validateEnvironment({ ...environment, NODE_ENV: mode, PORT: String(port) }));
    // Where it can be told at once, a bad value stops everything else. A first start installs and provides side by side.
    const arePackagesThere = packagesAreInstalled();
    if (arePackagesThere) await configured();
    const [, database] = await Promise.all([
      step("Packages", installPackages),
      step("MySQL", async (onProgress) => {
        const directory = join(DATA, "mysql");
        const provided = await provideDatabase({ databaseUrl: environment.DATABASE_URL, directory, onProgress });
        onExit(provided.release);
        onProgress(provided.version);
        return provided;
      }),
    ]);
    if (!arePackagesThere) await configured();
    await Promise.all([
      step("Schema", async (onProgress) => {
        onProgress(await migrate(database.url));
      }),
      mode === "production" ? step("Build", buildOnce) : undefined,
    ]);

    const showsLog = inProduction || mode === "development";
    const log = showsLog ? "inherit" : join(DATA, "logs", `app-${port}.log`);
    const env = {
      ...environment,
      DATABASE_URL: database.url,
      NODE_ENV: mode,
      // Ours would be left running if this process were killed: the app then sees to it.
      PORTCULLIS_STARTER_DATABASE: database.isOurs ? join(DATA, "mysql") : undefined,
    };
    const app = await step("Server", async (onProgress) => {
      const start = mode === "production" ? startApp : startDevelopmentApp;
      const started = await start({ port, env, log, until: "started", detached: true });
      onExit(started.stop);
      await started.ready();
      onProgress("ready");
      return started;
    });

    const address = environment.APP_ORIGIN ?? app.url;
    const facts = {
      Open: paint("bold", address),
      ...(settled.notice === undefined ? {} : { Note: settled.notice }),
      Database: database.isOurs
        ? `${database.version}, private to this folder, kept in ${relative(ROOT, DATA)}/mysql`
        : database.version,
      Secrets:
        Object.keys(made).length > 0
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
      void exit(0);
    });
    const { code, signal } = await app.exited;
    if (interrupted) return;
    throw new UserError(
      `The app ended by itself (${signal ?? `exit code ${code}`}).${showsLog ? "" : ` Its log: ${relative(ROOT, log)}`}`,
    );
  });
}

/**
 * In a production nothing is made up or provided: a forgotten variable must stop it.
 * @param {import("./environment.mjs").Environment} environment
 */
function requireVariables(environment) {
  const missing = missingVariables(environment);
  if (missing.length === 0) return;
  const verb = missing.length === 1 ? "is" : "are";
  throw new UserError(`NODE_ENV is production, and ${missing.join(", ")} ${verb} not set. Nothing was started.`);
}

/** @param {string | undefined} value */
function readPort(value = "3000") {
  const port = Number(value);
  if (!/^[1-9]\d{0,4}$/.test(value) || port > 65_535)
    throw new UserError(`PORT must be a number from 1 to 65535, not ${JSON.stringify(value)}.`);
  return port;
}

/**
 * Sees to it that the port is free: an app of ours whose starter was killed is ended, anything else is named.
 * @param {number} port  @param {(text: string) => void} print
 */
async function freePort(port, print) {
  const noted = findRecordedApp(port);
  if (noted !== null && isRunning(noted.app) && !isRunning(noted.starter)) {
    print(
      `\n  An app of this folder is left over from a start that was killed (process ${pidOf(noted.app)}): it is ended first.\n`,
    );
    process.kill(pidOf(noted.app), "SIGTERM");
    if (!(await waitForExit(noted.app, STOP_SECONDS))) process.kill(pidOf(noted.app), "SIGKILL");
    await waitForExit(noted.app, STOP_SECONDS);
  }
  if (!(await isPortInUse(port))) return;
  const other = `PORT=${port < 65_535 ? port + 1 : port - 1} npm start`;
  if (noted !== null && isRunning(noted.app))
    throw new UserError(
      `Port ${port} is in use by another start in this folder (process ${pidOf(noted.starter)}). Stop that one, or choose another port: ${other}`,
    );
  const listener = await findListener(port);
  const name = listener === null ? "another program" : `process ${listener.pid} (${listener.command})`;
  throw new UserError(`Port ${port} is in use by ${name}. Stop it, or choose another port: ${other}`);
}
