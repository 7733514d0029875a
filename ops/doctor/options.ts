import { parseArgs } from "node:util";

export interface Options {
  /** Where to look from outside; null for APP_ORIGIN. */
  url: URL | null;
  isForMachines: boolean;
}

export const USAGE = `npm run doctor                            this machine's configuration, its database, and APP_ORIGIN from outside
npm run doctor -- --url https://app.test  a running deployment, from outside
npm run doctor -- --json                  the same for machines
`;

/** Throws a TypeError that says what is wrong with the arguments. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: { url: { type: "string" }, json: { type: "boolean", default: false } },
  });
  return { url: values.url === undefined ? null : readUrl(values.url), isForMachines: values.json };
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw new TypeError(`--url must be an address such as https://app.example.com, not ${text}`);
  return new URL(url.origin);
}
