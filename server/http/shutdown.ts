import "server-only";
import type { Server } from "node:http";
import type { Logger } from "pino";

export interface ShutdownOptions {
  /** How long requests in flight may go on. */
  drainSeconds: number;
  /** Runs when the last request is answered: closes what they needed. */
  release: () => Promise<void>;
  log: Logger;
}

const IDLE_CONNECTION_CHECK_MILLISECONDS = 50;
const MAX_RELEASE_SECONDS = 1;

/** Ends the process on SIGTERM or SIGINT once the work in flight is done; a second signal ends it at once. */
export function shutDownOnSignal(server: Server, options: ShutdownOptions): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    options.log.info({ signal }, "stopping");
    void shutDown(server, options).then(
      () => process.exit(0),
      (error: unknown) => {
        options.log.error({ err: error }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

async function shutDown(server: Server, { drainSeconds, release, log }: ShutdownOptions): Promise<void> {
  await new Promise<void>((resolve) => {
    const giveUp = setTimeout(() => {
      log.warn("requests were cut off by the stop");
      server.closeAllConnections();
      resolve();
    }, drainSeconds * 1000);
    // A connection becomes idle only when its response is out, long after the listening ended.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_CONNECTION_CHECK_MILLISECONDS);
    server.close(() => {
      clearTimeout(giveUp);
      clearInterval(sweep);
      resolve();
    });
  });
  await Promise.race([release(), new Promise((resolve) => setTimeout(resolve, MAX_RELEASE_SECONDS * 1000))]);
  log.info("stopped");
}
