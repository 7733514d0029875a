import "server-only";
import type { Server } from "node:http";
import pTimeout from "p-timeout";
import type { Logger } from "pino";

export interface ShutdownOptions {
  /** How long requests in progress may continue. */
  drainSeconds: number;
  /** Closes what requests need, such as the database. Runs after the last response. */
  release: () => Promise<void>;
  log: Logger;
}

const IDLE_CONNECTION_CHECK_MILLISECONDS = 50;
const MAX_RELEASE_SECONDS = 1;

/** On SIGTERM or SIGINT drains the requests in progress, then exits with 0; a second signal exits at once with 1. */
export function shutDownOnSignal(server: Server, options: ShutdownOptions): void {
  let isShuttingDown = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isShuttingDown) process.exit(1);
    isShuttingDown = true;
    options.log.info({ signal }, "stopping");
    void shutDown(server, options).then(
      () => process.exit(0),
      (error: unknown) => {
        options.log.error({ err: error }, "shutdown failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

async function shutDown(server: Server, { drainSeconds, release, log }: ShutdownOptions): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // server.close() closes only connections that are idle at that moment; others become idle after their response.
  const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CONNECTION_CHECK_MILLISECONDS);
  const closeRemaining = () => {
    log.warn("drain timeout reached: closing the remaining connections");
    server.closeAllConnections();
  };
  await pTimeout(closed, { milliseconds: drainSeconds * 1000, fallback: closeRemaining });
  clearInterval(idleCheck);
  await pTimeout(release(), { milliseconds: MAX_RELEASE_SECONDS * 1000, message: false });
  log.info("stopped");
}
