import { isLeaving, leave, onSignal } from "./lifecycle.mjs";
import { Obstacle } from "./obstacle.mjs";
import { createProgress, paint } from "./progress.mjs";

/**
 * Runs a script's story. What it started is undone when it fails or is interrupted; an obstacle is told without a stack.
 * @param {(progress: import("./progress.mjs").Progress) => Promise<unknown>} story
 */
export async function perform(story) {
  const progress = createProgress();
  onSignal((signal) => leave(signal === "SIGINT" ? 130 : 143));
  try {
    await story(progress);
  } catch (error) {
    if (isLeaving()) return;
    const text = error instanceof Obstacle ? error.message : error instanceof Error ? error.stack : String(error);
    progress.print(`\n${paint("red", String(text))}\n\n`);
    await leave(1);
  }
}

/** @param {Parameters<typeof perform>[0]} story */
export async function performAndLeave(story) {
  await perform(story);
  await leave(0);
}
