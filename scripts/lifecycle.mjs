/** @type {Array<() => unknown>} */
const cleanups = [];
let exiting = false;

/**
 * Registers a cleanup to run before this process exits. Cleanups run in reverse order.
 * @param {() => unknown} cleanup
 */
export function onExit(cleanup) {
  cleanups.push(cleanup);
}

/** Whether exit() was called: later failures are consequences of the shutdown. */
export function isExiting() {
  return exiting;
}

/** Runs the cleanups and exits. Calls during the cleanup are ignored. @param {number} code */
export async function exit(code) {
  if (exiting) return;
  exiting = true;
  for (const cleanup of cleanups.reverse()) {
    try {
      await cleanup();
    } catch (error) {
      console.error(error);
      code ||= 1;
    }
  }
  process.exit(code);
}

/** @type {((signal: NodeJS.Signals) => void) | undefined} */
let signalHandler;

/**
 * Handles SIGINT, SIGTERM and SIGHUP. A later handler replaces an earlier one.
 * @param {(signal: NodeJS.Signals) => void} handler
 */
export function onSignal(handler) {
  if (signalHandler === undefined) {
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
      process.on(signal, () => signalHandler?.(signal));
  }
  signalHandler = handler;
}
