import { isExiting, exit, onSignal } from "./lifecycle.mjs";
import { identifyNpmProcesses, isRunning } from "./process-identity.mjs";
import { UserError } from "./user-error.mjs";
import { explainFileError } from "./private-files.mjs";
import { createProgress, paint } from "./progress.mjs";

/**
 * Runs a script's story. What it started is undone when it fails or is interrupted; an obstacle is told without a stack.
 * @param {(progress: import("./progress.mjs").Progress) => Promise<unknown>} story
 */
export async function runCli(story) {
  const progress = createProgress();
  onSignal((signal) => exit(signal === "SIGINT" ? 130 : 143));
  exitWithNpm();
  try {
    await story(progress);
  } catch (error) {
    if (isExiting()) return;
    const text = error instanceof Error ? (messageFor(error) ?? error.stack) : String(error);
    progress.print(`\n${paint("red", String(text))}\n\n`);
    await exit(1);
  }
}

/** @param {Error} error */
function messageFor(error) {
  return error instanceof UserError ? error.message : explainFileError(/** @type {NodeJS.ErrnoException} */ (error));
}

let isWatching = false;

/** npm may be ended alone, and tells nobody when it is killed: what it started ends too. */
function exitWithNpm() {
  if (isWatching) return;
  isWatching = true;
  // A reader that has gone away is no reason to leave an app or a database behind.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const launchers = identifyNpmProcesses();
  if (launchers.length === 0) return;
  setInterval(() => {
    if (!launchers.every(isRunning)) void exit(143);
  }, 500).unref();
}

/** @param {Parameters<typeof runCli>[0]} story */
export async function runCliAndExit(story) {
  await runCli(story);
  await exit(0);
}
