import { parseArgs } from "node:util";
import { UserError } from "@/scripts/user-error.mjs";
import type { Lifetimes } from "./lab";
import type { SoakOptions } from "./soak";

export const STAGES = ["crashes", "migrations", "faults", "soak"] as const;

export type Stage = (typeof STAGES)[number];

export interface Options {
  stages: readonly Stage[];
  /** Writes the report to this file too. */
  reportFile: string | undefined;
  seed: number;
  isShort: boolean;
  lifetimes: Lifetimes;
  soak: SoakOptions;
}

type Run = Omit<Options, "seed" | "stages" | "reportFile">;

/** `--minutes 10 --browsers 200 --seed 7`, or `--short`; `--only crashes` for one stage. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string" },
      browsers: { type: "string" },
      seed: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      report: { type: "string" },
      short: { type: "boolean", default: false },
    },
  });
  const seed = numberOf("seed", values.seed) ?? Math.floor(Math.random() * 2 ** 31);
  const minutes = numberOf("minutes", values.minutes);
  const browsers = numberOf("browsers", values.browsers);
  const stages = STAGES.filter((stage) => values.only.length === 0 || values.only.includes(stage));
  if (stages.length === 0) throw new UserError(`--only is one of ${STAGES.join(", ")}.`);
  const run = values.short ? shortRun(browsers ?? 16) : fullRun(browsers ?? 200, (minutes ?? 10) * 60);
  return { seed, stages, reportFile: values.report, ...run };
}

/** The lifetimes are so short that each session rotates more than a hundred times in ten minutes. */
function fullRun(browsers: number, seconds: number): Run {
  return {
    isShort: false,
    lifetimes: { accessSeconds: 6, beforeExpirySeconds: 1, graceSeconds: 4, idleSeconds: 120 },
    soak: {
      seconds,
      browsers,
      thefts: Math.max(4, Math.round(seconds / 6)),
      everySeconds: 6,
      outageSeconds: seconds >= 90 ? 20 : 0,
      revocationEverySeconds: 3,
    },
  };
}

/** A few seconds of every stage, for `npm run evidence`. */
function shortRun(browsers: number): Run {
  return {
    isShort: true,
    lifetimes: { accessSeconds: 3, beforeExpirySeconds: 1, graceSeconds: 2, idleSeconds: 60 },
    soak: { seconds: 8, browsers, thefts: 4, everySeconds: 4, outageSeconds: 0, revocationEverySeconds: 1 },
  };
}

function numberOf(name: string, value: string | undefined): number | null {
  if (value === undefined) return null;
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new UserError(`--${name} must be a number, not ${value}`);
  return number;
}
