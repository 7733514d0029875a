import { exit } from "@/scripts/lifecycle.mjs";
import { withLock } from "@/scripts/lock.mjs";
import { runCli } from "@/scripts/run-cli.mjs";

/** Runs one instance of a program per folder, and stops what it started after any error. */
export async function runProgram(folder: string, program: Parameters<typeof runCli>[0]): Promise<void> {
  // runCli cannot catch errors of event handlers.
  process.once("uncaughtException", (error) => {
    console.error(error);
    void exit(1);
  });
  await withLock(`${folder}.lock`, () => runCli(program));
}
