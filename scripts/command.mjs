import { spawn } from "node:child_process";
import { accessSync, constants as fsConstants, createWriteStream } from "node:fs";
import { constants } from "node:os";
import { relative } from "node:path";
import { onExit } from "./lifecycle.mjs";
import { UserError } from "./user-error.mjs";
import { ROOT } from "./paths.mjs";
import { openPrivateFile } from "./private-files.mjs";

const STOP_SECONDS = 25;
/** Long output is cut in the middle: tools print the cause first or last. */
const FIRST_LINES = 20;
const LAST_LINES = 30;

/** For a Node child whose descriptor 3 is a pipe from this process: it receives SIGTERM when this process ends, even by SIGKILL. */
export const exitWithParent = {
  args: ["--import", new URL("exit-with-parent.mjs", import.meta.url).href],
  env: { PORTCULLIS_ENDS_WITH_STARTER: "1" },
};

/**
 * Runs a command and writes its output to a log file.
 * @param {string} program
 * @param {string[]} args
 * @param {{ log: string, env?: Record<string, string | undefined>, cwd?: string, seconds?: number, onLine?: (line: string) => void }} options
 * @returns {Promise<{ code: number, output: string }>} the code of a signal is 128 plus its number, as in a shell
 */
export function run(program, args, { log, env = process.env, cwd = ROOT, seconds, onLine }) {
  const file = createWriteStream(log, { fd: openPrivateFile(log, "w") });
  // The output goes to a file: no colours.
  const plain = { ...env, NO_COLOR: "1", FORCE_COLOR: undefined };
  // Detached into a process group: Ctrl-C is forwarded once, to the command and its children.
  const follower = program === process.execPath ? exitWithParent : null;
  const child = spawn(program, [...(follower?.args ?? []), ...args], {
    cwd,
    env: { ...plain, ...follower?.env },
    stdio: ["ignore", "pipe", "pipe", follower === null ? "ignore" : "pipe"],
    detached: true,
  });
  let isOver = false;
  const signalGroup = (/** @type {NodeJS.Signals} */ signal) => {
    if (child.pid !== undefined && !isOver) process.kill(-child.pid, signal);
  };
  const over = new Promise((resolve) => child.once("close", resolve)).then(() => (isOver = true));
  const timer = seconds === undefined ? undefined : setTimeout(() => signalGroup("SIGKILL"), seconds * 1000);
  onExit(async () => {
    signalGroup("SIGINT");
    const deadline = setTimeout(() => signalGroup("SIGKILL"), STOP_SECONDS * 1000);
    await over;
    clearTimeout(deadline);
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (/** @type {string} */ chunk) => {
      file.write(chunk);
      output += chunk;
      const line = chunk.trimEnd().split("\n").at(-1)?.trim();
      if (line) onLine?.(line);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      file.end();
      resolve({ code: code ?? 128 + (signal ? constants.signals[signal] : 0), output });
    });
  });
}

/**
 * Like run(), but throws a UserError with the abbreviated output when the command fails.
 * @param {string} program  @param {string[]} args  @param {Parameters<typeof run>[2]} options
 */
export async function runOrThrow(program, args, options) {
  const { code, output } = await run(program, args, options);
  if (code === 0) return output;
  throw new UserError(
    `${program} ${args.join(" ")} failed (${code}). Full log: ${relative(ROOT, options.log)}\n\n${abbreviate(output)}`,
  );
}

/** @param {string} output */
export function abbreviate(output) {
  const lines = output.trim().split("\n");
  if (lines.length <= FIRST_LINES + LAST_LINES) return lines.join("\n");
  return [...lines.slice(0, FIRST_LINES), "…", ...lines.slice(-LAST_LINES)].join("\n");
}

/** Standard output of a command; null if it cannot be run or fails. @param {string} program  @param {string[]} args @param {number} [seconds] */
export function readOutput(program, args, seconds = 10) {
  return new Promise((/** @type {(said: string | null) => void} */ resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], timeout: seconds * 1000 });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => (said += chunk));
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code === 0 ? said : null));
  });
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, fsConstants.X_OK);
    return true;
  } catch {
    return false;
  }
}
