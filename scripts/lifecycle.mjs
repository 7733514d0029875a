/** @type {Array<() => unknown>} */
const cleanups = [];
let exiting = false;

/**
 * What has to be undone before this process ends, last made first undone.
 * @param {() => unknown} undo
 */
export function onExit(undo) {
  cleanups.push(undo);
}

/** Whether the end has begun: what fails from then on fails because of it. */
export function isExiting() {
  return exiting;
}

/** Undoes everything and ends the process. A second call while the first is at work does nothing. @param {number} code */
export async function exit(code) {
  if (exiting) return;
  exiting = true;
  for (const undo of cleanups.reverse()) {
    try {
      await undo();
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
 * Ctrl-C, a request to end, and a terminal that closes. Whoever asks last is told.
 * @param {(signal: NodeJS.Signals) => void} receive
 */
export function onSignal(receive) {
  if (signalHandler === undefined) {
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
      process.on(signal, () => signalHandler?.(signal));
  }
  signalHandler = receive;
}
