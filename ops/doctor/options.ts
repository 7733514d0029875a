import { parseArgs } from "node:util";

export interface Options {
  /** Origin of the deployment to examine; null for the local installation. */
  url: URL | null;
  asJson: boolean;
}

export const USAGE = `npm run doctor                            the local installation: configuration, versions, database, mail, clocks, and APP_ORIGIN over HTTP
npm run doctor -- --url https://app.test  a remote deployment over HTTP
npm run doctor -- --json                  output as JSON
`;

/** Throws a TypeError if the arguments are invalid. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: { url: { type: "string" }, json: { type: "boolean", default: false } },
  });
  return { url: values.url === undefined ? null : readUrl(values.url), asJson: values.json };
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol))
    throw new TypeError(`--url must be an http or https address such as https://app.example.com, not ${text}`);
  return new URL(url.origin);
}
