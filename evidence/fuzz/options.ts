import { parseArgs } from "node:util";
import { UserError } from "@/scripts/user-error.mjs";

export interface Options {
  requests: number;
  seed: number;
  isShort: boolean;
  /** Skips the attacks on connections. */
  requestsOnly: boolean;
  /** Counterexample path of fast-check: with its seed it repeats one finding. */
  path: string | undefined;
  reportFile: string | undefined;
}

const REQUESTS = 20_000;
const REQUESTS_OF_A_SHORT_RUN = 2000;

/** `--requests 20000 --seed 7`, or `--short`; `--seed 8 --path 311:0` repeats one finding. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      requests: { type: "string" },
      seed: { type: "string" },
      path: { type: "string" },
      report: { type: "string" },
      "requests-only": { type: "boolean", default: false },
      short: { type: "boolean", default: false },
    },
  });
  const requests = numberOf("requests", values.requests) ?? (values.short ? REQUESTS_OF_A_SHORT_RUN : REQUESTS);
  const seed = numberOf("seed", values.seed) ?? Math.floor(Math.random() * 2 ** 31);
  return {
    requests,
    seed,
    isShort: values.short,
    requestsOnly: values["requests-only"],
    path: values.path,
    reportFile: values.report,
  };
}

function numberOf(name: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new UserError(`--${name} must be a whole number, not ${value}`);
  return number;
}
