import { join } from "node:path";
import { exit } from "@/scripts/lifecycle.mjs";
import { withLock } from "@/scripts/lock.mjs";
import { DATA } from "@/scripts/paths.mjs";
import type { Progress } from "@/scripts/progress.mjs";
import { runCli } from "@/scripts/run-cli.mjs";
import { helpText, parseOptions, type OptionTable, type Usage, type Values } from "./parse-options";

/**
 * Runs a program of this folder with the options of the command line: one instance of each name at a time. Stops what it started
 * after any error. `main` returns whether everything held.
 */
export async function runProgram<Options extends OptionTable>(
  name: string,
  usage: Usage<Options>,
  main: (options: Values<Options> & { operands: string[] }, progress: Progress) => Promise<boolean>,
): Promise<void> {
  // runCli cannot catch errors of event handlers.
  process.once("uncaughtException", (error) => {
    console.error(error);
    void exit(1);
  });
  await runCli(async (progress) => {
    const args = process.argv.slice(2);
    if (args.includes("--help")) {
      progress.print(helpText(usage));
      return exit(0);
    }
    const options = parseOptions(usage, args);
    const hasHeld = await withLock(join(DATA, `${name}.lock`), () => main(options, progress));
    await exit(hasHeld ? 0 : 1);
  });
}
