import { REPORT, type Usage } from "@/evidence/parse-options";
import type { Load } from "./episode";
import { GALERA_SETUPS } from "./set-ups/galera";
import { GROUP_SETUPS } from "./set-ups/group";
import { PAIR_SETUPS } from "./set-ups/pair";
import { SINGLE_SETUPS } from "./set-ups/single";

export const SETUPS = { ...PAIR_SETUPS, ...SINGLE_SETUPS, ...GALERA_SETUPS, ...GROUP_SETUPS };

export type SetupName = keyof typeof SETUPS;

/** In the order of the table. */
export const SETUP_NAMES = Object.keys(SETUPS) as SetupName[];

/** They run only when named: they show no table of browsers. */
export const OTHER_PARTS = ["cost", "galera-tests"] as const;

export const SHORT_RUN: readonly SetupName[] = ["asynchronous", "restore", "galera-kill", "galera-minority"];

export const FULL_LOAD: Load = {
  browsers: 16,
  thefts: 8,
  revocations: 8,
  rotationsBefore: 1,
  rotationsAtRisk: 2,
  isLong: true,
};
export const SHORT_LOAD: Load = {
  browsers: 8,
  thefts: 4,
  revocations: 4,
  rotationsBefore: 0,
  rotationsAtRisk: 1,
  isLong: false,
};

export const USAGE = {
  command: "npm run cluster",
  description:
    "runs two instances on replicated database servers that fail over, lag, split and come back from a backup",
  options: {
    only: { type: "list", help: "some set-ups", choices: [...SETUP_NAMES, ...OTHER_PARTS] },
    short: { type: "flag", help: "four set-ups with fewer browsers" },
    concurrent: { type: "flag", help: "different kinds of servers at the same time, as in the short form" },
    "build-of": { type: "text", help: "a commit whose build is run instead of this one's" },
    write: { type: "flag", help: "writes the table to evidence/cluster/cluster.md" },
    seed: { type: "number", help: "repeats the draws of a run", least: 0 },
    report: REPORT,
  },
} as const satisfies Usage;
