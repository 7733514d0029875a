import "server-only";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import next from "next";
import { COOKIE_NAMES } from "./auth/tokens/cookies";
import { closeDatabase } from "./runtime/database";
import { maxConnectionsOfProcess } from "./http/connections";
import { redirectConsoleToLog, redirectWarningsToLog } from "./http/console-to-log";
import { createEntry } from "./http/entry";
import { parsePublicOrigin } from "./http/forwarded-headers";
import { listen } from "./http/listen";
import { readStaticFiles } from "./http/static-files";
import { shutDownOnSignal } from "./http/shutdown";
import { mailboxFolder } from "./mail/mailbox";
import { env, type Env } from "./runtime/env";
import { log } from "./runtime/log";

const DRAIN_SECONDS = 10;

const settings = readSettings();
const isDevelopment = settings.NODE_ENV === "development";
log.level = settings.LOG_LEVEL;
if (!isDevelopment) exitOnUncaughtException();
await serve();

async function serve(): Promise<void> {
  // Checked by server/background.ts: without the entry the app would trust headers that clients can spoof.
  Object.assign(globalThis, { [Symbol.for("portcullis.entry")]: true });

  // Next adds an upgrade listener to the server that it is given. This one never listens, so that the entry decides about upgrades.
  const upgradeServer = createServer();
  const { hostname, port } = parsePublicOrigin(settings.APP_ORIGIN);
  const app = next({ dev: isDevelopment, hostname, port: Number(port), httpServer: upgradeServer });
  await app.prepare();

  const guardedCookies = new Set(COOKIE_NAMES);
  const maxConnections = maxConnectionsOfProcess();
  // Relative to this bundle, so that the files are those of the same build.
  const staticFiles = isDevelopment ? null : readStaticFiles(fileURLToPath(new URL("../static", import.meta.url)));
  const hasMailbox = mailboxFolder() !== null;
  const requestSettings = { ...settings, guardedCookies, maxConnections, staticFiles, hasMailbox };
  const server = createEntry(app.getRequestHandler(), requestSettings, log);
  if (isDevelopment) {
    server.on("upgrade", (request, socket, head) => upgradeServer.emit("upgrade", request, socket, head));
  }
  server.on("error", (error: NodeJS.ErrnoException) => {
    if (error.syscall === "accept") return;
    if (error.code === "EADDRNOTAVAIL")
      exitWithError(
        `HOST ${settings.HOST} is not an address of this machine. Set HOST to one of its addresses, or remove it.`,
      );
    if (error.code === "EADDRINUSE") exitWithError(`PORT ${settings.PORT} is already in use. Set PORT to another one.`);
    exitWithError(`The server cannot listen on PORT ${settings.PORT}: ${error.message}`);
  });
  listen(server, settings, (addresses, port) => log.info({ url: settings.APP_ORIGIN, addresses, port }, "listening"));
  shutDownOnSignal(server, {
    drainSeconds: isDevelopment ? 1 : DRAIN_SECONDS,
    release: async () => {
      await app.close();
      await closeDatabase();
    },
    log,
  });
}

function readSettings(): Env {
  try {
    return env();
  } catch (error) {
    return exitWithError((error as Error).message);
  }
}

/** Next logs unhandled rejections and uncaught exceptions and continues; after an exception the state of the process is undefined. */
function exitOnUncaughtException(): void {
  redirectConsoleToLog(log);
  redirectWarningsToLog(log);
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "uncaught exception");
    process.exit(1);
  });
}

function exitWithError(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
