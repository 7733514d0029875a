import { exhaustPool, slowDatabase } from "./scenarios/slow-database";
import { floodWithLogins } from "./scenarios/login-flood";
import { killBetweenCommitAndResponse } from "./scenarios/kill-before-response";
import { suspendInstance } from "./scenarios/suspended-instance";
import { logOutAllDuringLogin } from "./scenarios/login-during-logout-all";
import { holdRowLock } from "./scenarios/row-lock";
import { cleanUpUnderLoad } from "./scenarios/cleanup-under-load";
import { migrateConcurrently } from "./migration-crashes";
import { measureRevocationLag } from "./revocation-lag";
import type { Lab } from "./lab";

export type Scenario = (lab: Lab) => Promise<void>;

/** Each by itself, on an otherwise quiet machine, with the lives of a production. */
const SCENARIOS: Record<string, Scenario> = {
  "a stuck client holds a row": holdRowLock,
  "a revocation on one instance": measureRevocationLag,
  "a login that is overtaken by the end of all sessions": logOutAllDuringLogin,
  "an instance that is frozen": suspendInstance,
  "256 logins at once": floodWithLogins,
  "cleanup, a storm of refreshes and revocations of all": cleanUpUnderLoad,
  "a database that takes its time": slowDatabase,
  "a database that does not answer": exhaustPool,
  "two migrations at once": migrateConcurrently,
  "killed between commit and reply, a hundred times": killBetweenCommitAndResponse,
};

const SHORT_RUN = [
  "a stuck client holds a row",
  "a revocation on one instance",
  "a login that is overtaken by the end of all sessions",
  "an instance that is frozen",
  "two migrations at once",
];

export async function runFaultScenarios(lab: Lab, isShort: boolean, say: (detail: string) => void): Promise<void> {
  for (const [name, bring] of Object.entries(SCENARIOS)) {
    if (isShort && !SHORT_RUN.includes(name)) continue;
    say(name);
    await bring(lab);
    lab.results.count("faults");
  }
}
