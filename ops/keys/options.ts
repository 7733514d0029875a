import { parseArgs } from "node:util";
import { UserError } from "@/scripts/user-error.mjs";

export type Options = { command: "status" | "rotate" | "replace-compromised" | "help" };

export const USAGE = `npm run keys                             shows the keys that sign bearer tokens, and what each is for
npm run keys -- rotate                   publishes a new key, which signs in 15 minutes; the former one is dropped 16 minutes later
npm run keys -- rotate --compromised     drops all keys at once, and every bearer token with them; a new key signs at once

The cookies are signed with secrets of the environment: SESSION_SECRET and JWT_ACCESS_SECRET, with _PREVIOUS while they are changed.
`;

/** Throws a UserError if the arguments are invalid. */
export function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args);
  if (values.help) return { command: "help" };
  const [command, ...rest] = positionals;
  if (rest.length === 0 && command === "rotate")
    return { command: values.compromised ? "replace-compromised" : "rotate" };
  if (command === undefined && !values.compromised) return { command: "status" };
  throw new UserError(`${args.join(" ")} is not a command.\n\n${USAGE}`);
}

function parse(args: string[]) {
  try {
    const option = { type: "boolean", default: false } as const;
    return parseArgs({ args, allowPositionals: true, options: { compromised: option, help: option } });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${USAGE}`);
  }
}
