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
import { addressesOf } from "./mysql/external-server.mjs";
import { provideDatabase } from "./mysql/provide.mjs";
import { UserError } from "./user-error.mjs";
import { DATA, ROOT } from "./paths.mjs";
import { runCli } from "./run-cli.mjs";
import { prepareFolders } from "./private-files.mjs";
import { buildOnce } from "./production-build.mjs";
import { paint } from "./progress.mjs";
import { migrate } from "./schema.mjs";

/** Longer than the app's own shutdown timeout of 10 s. */
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
    // A start with NODE_ENV=production in the environment writes no mail to files: it must be given a mail server.
    environment.PORTCULLIS_MAIL_FOLDER = inProduction ? undefined : join(DATA, "mail");
    const port = readPort(settled.port ?? environment.PORT);
    if (environment.DATABASE_URL) addressesOf(environment.DATABASE_URL);
    await freePort(port, print);

    print(`\n  ${paint("bold", "Portcullis")}\n\n`);
    const validate = () =>
      step("Settings", () => validateEnvironment({ ...environment, NODE_ENV: mode, PORT: String(port) }));
    // Validate first if the packages are installed. A first start installs packages and database concurrently.
    const packagesInstalled = packagesAreInstalled();
    if (packagesInstalled) await validate();
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
    if (!packagesInstalled) await validate();
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
      // The app stops the private database if this process is killed.
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
        ? `${database.version}, private to this folder, data in ${relative(ROOT, DATA)}/mysql`
        : database.version,
      Mail: describeMail(environment, address),
      Secrets:
        Object.keys(made).length > 0
          ? "generated in .env.local"
          : inProduction
            ? "from the environment"
            : "from .env.local",
      Log: showsLog ? "below" : `tail -f ${relative(ROOT, log)}   (LOG_LEVEL=${environment.LOG_LEVEL ?? "info"})`,
      Stop: "Ctrl-C; the data is kept",
    };
    const lines = Object.entries(facts).map(([name, fact]) => `  ${paint("dim", name.padEnd(10))} ${fact}\n`);
    print(`\n${lines.join("")}\n`);

    let interrupted = false;
    onSignal(() => {
      if (interrupted) return void app.kill();
      interrupted = true;
      print("\n  Stopping after the requests in progress. Press Ctrl-C again to stop immediately.\n");
      void exit(0);
    });
    const { code, signal } = await app.exited;
    if (interrupted) return;
    throw new UserError(
      `The app exited unexpectedly (${signal ?? `exit code ${code}`}).${showsLog ? "" : ` Log: ${relative(ROOT, log)}`}`,
    );
  });
}

/** @param {import("./environment.mjs").Environment} environment  @param {string} address */
function describeMail({ MAIL, SMTP_URL }, address) {
  if (MAIL === "off") return "off";
  return SMTP_URL
    ? "sent by the server in SMTP_URL"
    : `${address}/dev/mailbox, written to ${relative(ROOT, DATA)}/mail`;
}

/**
 * Production generates no secrets and starts no database: a missing variable stops the start.
 * @param {import("./environment.mjs").Environment} environment
 */
function requireVariables(environment) {
  const missing = missingVariables(environment);
  if (missing.length === 0) return;
  const verb = missing.length === 1 ? "is" : "are";
  throw new UserError(`NODE_ENV is production, but ${missing.join(", ")} ${verb} not set. The app was not started.`);
}

/** @param {string | undefined} value */
function readPort(value = "3000") {
  const port = Number(value);
  if (!/^[1-9]\d{0,4}$/.test(value) || port > 65_535)
    throw new UserError(`PORT must be a number from 1 to 65535, not ${JSON.stringify(value)}.`);
  return port;
}

/**
 * Frees the port if an orphaned app of this folder uses it; any other process on it is an error.
 * @param {number} port  @param {(text: string) => void} print
 */
async function freePort(port, print) {
  const recorded = findRecordedApp(port);
  if (recorded !== null && isRunning(recorded.app) && !isRunning(recorded.starter)) {
    print(`\n  Stopping an app of this folder whose start was killed (process ${pidOf(recorded.app)}).\n`);
    process.kill(pidOf(recorded.app), "SIGTERM");
    if (!(await waitForExit(recorded.app, STOP_SECONDS))) process.kill(pidOf(recorded.app), "SIGKILL");
    await waitForExit(recorded.app, STOP_SECONDS);
  }
  if (!(await isPortInUse(port))) return;
  const other = `PORT=${port < 65_535 ? port + 1 : port - 1} npm start`;
  if (recorded !== null && isRunning(recorded.app))
    throw new UserError(
      `Port ${port} is in use by another start in this folder (process ${pidOf(recorded.starter)}). Stop that one, or choose another port: ${other}`,
    );
  const listener = await findListener(port);
  const name = listener === null ? "another program" : `process ${listener.pid} (${listener.command})`;
  throw new UserError(`Port ${port} is in use by ${name}. Stop it, or choose another port: ${other}`);
}
