import { createReadStream, statSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { connect } from "@/db/connect";
import { isUnavailable } from "@/db/faults";
import { runCliAndExit } from "@/scripts/run-cli.mjs";
import { UserError } from "@/scripts/user-error.mjs";
import { secondsAfter } from "@/server/auth/policy/lifetimes";
import { env, type Env } from "@/server/runtime/env";
import { LoggedRevocations } from "./logged-revocations";
import { readOptions, USAGE, type Options } from "./options";
import { endOpenedBefore, replay } from "./replay";

const SHOWN_USERS = 20;

const now = new Date();
await runCliAndExit(async ({ step, print }) => {
  const options = readOptions(process.argv.slice(2), now);
  if (options.command === "help") return print(USAGE);
  const { DATABASE_URL, SESSION_MAX_SECONDS } = readEnvironment();
  const logged =
    options.command === "replay"
      ? await step("Log", (onProgress) => readLog(options, SESSION_MAX_SECONDS, onProgress))
      : null;
  const db = connect(DATABASE_URL, { poolSize: 2 });
  try {
    if (options.command === "end-before") {
      await step("Sessions", (onProgress) => endOpenedBefore(db, options.openedBefore, onProgress));
      return;
    }
    const { found, written, unchanged, unknown } = await step("Sessions", (onProgress) =>
      replay(db, logged!, onProgress),
    );
    print(`
  ${found} revoked sessions found
  ${written} written again
  ${unchanged} already revoked
  ${unknown} unknown: opened after the backup, or deleted since
${incompleteOf(logged!)}${passwordsOf(logged!)}`);
  } catch (error) {
    if (!isUnavailable(error) && !(error instanceof Error && "code" in error)) throw error;
    throw new UserError(`The database cannot be used: ${(error as Error).message}`);
  } finally {
    await db.destroy();
  }
});

function readEnvironment(): Env {
  try {
    return env();
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

/** A session that was revoked longer ago than a session can last has ended anyway. */
async function readLog(
  { file, since }: Extract<Options, { command: "replay" }>,
  sessionMaxSeconds: number,
  onProgress: (detail: string) => void,
): Promise<LoggedRevocations> {
  // npm runs this in the folder of the project.
  const path = resolve(process.env.INIT_CWD ?? ".", file);
  if (file !== "-" && !statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new UserError(`There is no file ${path}.`);
  const logged = new LoggedRevocations(since ?? secondsAfter(now, -sessionMaxSeconds));
  let lines = 0;
  for await (const line of createInterface({ input: file === "-" ? process.stdin : createReadStream(path) })) {
    logged.add(line);
    if (++lines % 10_000 === 0) onProgress(`${lines} lines`);
  }
  onProgress(`${lines} lines, ${logged.entries} of the app`);
  if (logged.entries === 0) throw new UserError(`${file} contains no line of the app's log (JSON, one a line).`);
  return logged;
}

function incompleteOf({ incomplete }: LoggedRevocations): string {
  return incomplete === 0 ? "" : `  ${incomplete} events name a revocation without its ids, and could not be written\n`;
}

function passwordsOf({ passwordUserIds }: LoggedRevocations): string {
  if (passwordUserIds.size === 0) return "";
  const shown = [...passwordUserIds].slice(0, SHOWN_USERS).map((id) => `    ${id}\n`);
  const rest = passwordUserIds.size > SHOWN_USERS ? `    and ${passwordUserIds.size - SHOWN_USERS} more\n` : "";
  return `
  ${passwordUserIds.size} users have chosen a new password in that time. A log contains no password: where the
  database has lost it, the former one works again until they choose another one.
${shown.join("")}${rest}`;
}
