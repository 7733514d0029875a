import { isExiting, exit, onSignal } from "./lifecycle.mjs";
import { identifyNpmProcesses, isRunning } from "./process-identity.mjs";
import { UserError } from "./user-error.mjs";
import { explainFileError } from "./private-files.mjs";
import { createProgress, paint } from "./progress.mjs";

/**
 * Runs the main function of a script. Runs the cleanups when it fails or is interrupted; a UserError is shown without a stack.
 * @param {(progress: import("./progress.mjs").Progress) => Promise<unknown>} main
 */
export async function runCli(main) {
  const progress = createProgress();
  onSignal((signal) => exit(signal === "SIGINT" ? 130 : 143));
  exitWithNpm();
  try {
    await main(progress);
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

/** Exits when npm ends: a signal to npm alone is not forwarded to this process. */
function exitWithNpm() {
  if (isWatching) return;
  isWatching = true;
  // EPIPE must not end the process before its cleanups run.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const npmProcesses = identifyNpmProcesses();
  if (npmProcesses.length === 0) return;
  setInterval(() => {
    if (!npmProcesses.every(isRunning)) void exit(143);
  }, 500).unref();
}

/** @param {Parameters<typeof runCli>[0]} main */
export async function runCliAndExit(main) {
  await runCli(main);
  await exit(0);
}
