import { isLeaving, leave, onSignal } from "./lifecycle.mjs";
import { identifyLaunchers, isLiving } from "./living-process.mjs";
import { Obstacle } from "./obstacle.mjs";
import { explainFileFault } from "./private-files.mjs";
import { createProgress, paint } from "./progress.mjs";

/**
 * Runs a script's story. What it started is undone when it fails or is interrupted; an obstacle is told without a stack.
 * @param {(progress: import("./progress.mjs").Progress) => Promise<unknown>} story
 */
export async function perform(story) {
  const progress = createProgress();
  onSignal((signal) => leave(signal === "SIGINT" ? 130 : 143));
  leaveWithLaunchers();
  try {
    await story(progress);
  } catch (error) {
    if (isLeaving()) return;
    const text = error instanceof Error ? (tellInWords(error) ?? error.stack) : String(error);
    progress.print(`\n${paint("red", String(text))}\n\n`);
    await leave(1);
  }
}

/** @param {Error} error */
function tellInWords(error) {
  return error instanceof Obstacle ? error.message : explainFileFault(/** @type {NodeJS.ErrnoException} */ (error));
}

let isWatching = false;

/** npm may be ended alone, and tells nobody when it is killed: what it started ends too. */
function leaveWithLaunchers() {
  if (isWatching) return;
  isWatching = true;
  // A reader that has gone away is no reason to leave an app or a database behind.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const launchers = identifyLaunchers();
  if (launchers.length === 0) return;
  setInterval(() => {
    if (!launchers.every(isLiving)) void leave(143);
  }, 500).unref();
}

/** @param {Parameters<typeof perform>[0]} story */
export async function performAndLeave(story) {
  await perform(story);
  await leave(0);
}
