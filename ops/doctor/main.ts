import { examineFromOutside, examineInstallation } from "./examine";
import { isHealthy } from "./finding";
import { readOptions, USAGE, type Options } from "./options";
import { reportAsJson, reportAsText } from "./report";

/** Limits of the line width: longer lines are hard to read. */
const WIDTH = { atLeast: 60, atMost: 110, otherwise: 100 };

const options = readOptionsOrExit();
const source = process.env;
const now = new Date();
const remoteUrl =
  options.url !== null && options.url.origin !== URL.parse(source.APP_ORIGIN ?? "")?.origin ? options.url : null;
const subject = remoteUrl === null ? (source.APP_ORIGIN ?? "no APP_ORIGIN") : `${remoteUrl.origin} from outside`;

const groups =
  remoteUrl === null ? await examineInstallation(source, process.cwd(), now) : await examineFromOutside(remoteUrl, now);
process.stdout.write(
  options.asJson
    ? reportAsJson(groups, subject, now)
    : reportAsText(groups, subject, {
        width: widthOf(process.stdout.columns),
        coloured: Boolean(process.stdout.isTTY),
      }),
);
process.exitCode = isHealthy(groups) ? 0 : 1;

function readOptionsOrExit(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

function widthOf(columns = WIDTH.otherwise): number {
  return Math.min(WIDTH.atMost, Math.max(WIDTH.atLeast, columns));
}
