/** @type {Array<() => unknown>} */
const undoings = [];
let leaving = false;

/**
 * What has to be undone before this process ends, last made first undone.
 * @param {() => unknown} undo
 */
export function onExit(undo) {
  undoings.push(undo);
}

/** Whether the end has begun: what fails from then on fails because of it. */
export function isExiting() {
  return leaving;
}

/** Undoes everything and ends the process. A second call while the first is at work does nothing. @param {number} code */
export async function exit(code) {
  if (leaving) return;
  leaving = true;
  for (const undo of undoings.reverse()) {
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
let receiver;

/**
 * Ctrl-C, a request to end, and a terminal that closes. Whoever asks last is told.
 * @param {(signal: NodeJS.Signals) => void} receive
 */
export function onSignal(receive) {
  if (receiver === undefined) {
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
      process.on(signal, () => receiver?.(signal));
  }
  receiver = receive;
}
