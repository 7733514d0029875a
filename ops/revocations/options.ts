import { parseArgs } from "node:util";
import { UserError } from "@/scripts/user-error.mjs";

export type Options =
  | { command: "replay"; file: string; since: Date | null }
  | { command: "end-before"; openedBefore: Date }
  | { command: "help" };

export const USAGE = `npm run revocations -- replay FILE [--since TIME]   writes the revocations of a security log (JSON lines; - is standard input) again
npm run revocations -- end-before TIME             ends every session that was opened before TIME

TIME is an instant with its zone, such as 2026-11-30T12:00:00Z.
`;

/** Throws a UserError if the arguments are invalid. */
export function readOptions(args: string[], now: Date): Options {
  const { values, positionals } = parse(args);
  const [command, argument, ...rest] = positionals;
  if (values.help || command === undefined) return { command: "help" };
  if (argument === undefined || rest.length > 0 || (command !== "replay" && command !== "end-before")) {
    throw new UserError(`${command} is not used like that.\n\n${USAGE}`);
  }
  const since = values.since === undefined ? null : readTime(values.since, now);
  if (command === "replay") return { command, file: argument, since };
  if (since !== null) throw new UserError(`--since belongs to replay.\n\n${USAGE}`);
  return { command, openedBefore: readTime(argument, now) };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { since: { type: "string" }, help: { type: "boolean", default: false } },
    });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function readTime(text: string, now: Date): Date {
  const time = new Date(text);
  // Without a zone it would be local time, which the log is not.
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$/.test(text) || Number.isNaN(time.getTime())) {
    throw new UserError(`${text} is not an instant with its zone, such as 2026-11-30T12:00:00Z.`);
  }
  if (time > now) throw new UserError(`${text} is in the future.`);
  return time;
}
