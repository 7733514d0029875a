import { REPORT, type Usage, type Values } from "@/evidence/parse-options";
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

export const USAGE = {
  command: "npm run fuzz",
  description: "sends mutated requests and hostile connections, and checks every response",
  options: {
    requests: { type: "number", help: `how many, instead of ${REQUESTS}`, least: 0, isInteger: true },
    short: { type: "flag", help: `${REQUESTS_OF_A_SHORT_RUN} requests and fewer connections` },
    "requests-only": { type: "flag", help: "no attacks on connections" },
    seed: { type: "number", help: "repeats a run", least: 0, isInteger: true },
    path: { type: "text", help: "with --seed repeats one finding, as printed with it" },
    mutate: { type: "flag", help: "removes rules from a copy of the sources and checks that the fuzzer notices" },
    report: REPORT,
  },
  operands: { help: "with --mutate, words that select rules" },
} as const satisfies Usage;

export function readOptions(values: Values<typeof USAGE.options> & { operands: string[] }): Options {
  const { operands, mutate } = values;
  if (operands.length > 0 && !mutate)
    throw new UserError(`Only --mutate accepts arguments, not ${operands.join(" ")}.`);
  return {
    requests: values.requests ?? (values.short ? REQUESTS_OF_A_SHORT_RUN : REQUESTS),
    seed: values.seed ?? Math.floor(Math.random() * 2 ** 31),
    isShort: values.short,
    requestsOnly: values["requests-only"],
    path: values.path,
    reportFile: values.report,
  };
}
