import { REPORT, type Usage, type Values } from "@/evidence/parse-options";
import type { AttackOptions } from "./attacks/run-attacks";
import type { Lifetimes } from "./lab";
import type { SoakOptions } from "./soak";

export const STAGES = ["crashes", "migrations", "faults", "attacks", "soak"] as const;

export type Stage = (typeof STAGES)[number];

export interface Options {
  stages: readonly Stage[];
  /** Writes the report to this file too. */
  reportFile: string | undefined;
  seed: number;
  isShort: boolean;
  lifetimes: Lifetimes;
  attacks: AttackOptions;
  soak: SoakOptions;
}

type Run = Omit<Options, "seed" | "stages" | "reportFile">;

export const USAGE = {
  command: "npm run lab",
  description: "runs two instances under load with killed and slowed processes, lost responses and stolen cookies",
  options: {
    only: { type: "list", help: "some stages", choices: STAGES },
    minutes: { type: "number", help: "duration of the soak, instead of 10", least: 0 },
    browsers: { type: "number", help: "simulated users, instead of 200", least: 0, isInteger: true },
    short: { type: "flag", help: "a few seconds of every stage" },
    seed: { type: "number", help: "repeats a run", least: 0 },
    report: REPORT,
  },
} as const satisfies Usage;

export function readOptions(values: Values<typeof USAGE.options>): Options {
  const { browsers, minutes } = values;
  const stages = STAGES.filter((stage) => values.only.length === 0 || values.only.includes(stage));
  const run = values.short ? shortRun(browsers ?? 16) : fullRun(browsers ?? 200, (minutes ?? 10) * 60);
  return { seed: values.seed ?? Math.floor(Math.random() * 2 ** 31), stages, reportFile: values.report, ...run };
}

/** The lifetimes are so short that each session rotates more than a hundred times in ten minutes. */
function fullRun(browsers: number, seconds: number): Run {
  return {
    isShort: false,
    lifetimes: { accessSeconds: 6, beforeExpirySeconds: 1, graceSeconds: 4, idleSeconds: 120 },
    attacks: { browsers: Math.min(browsers, 24), share: 1 },
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
    attacks: { browsers: Math.min(browsers, 8), share: 0.2 },
    soak: { seconds: 8, browsers, thefts: 4, everySeconds: 4, outageSeconds: 0, revocationEverySeconds: 1 },
  };
}
