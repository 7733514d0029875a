import type { Lab } from "./lab";
import { migrateConcurrently } from "./migration-crashes";
import { measureRevocationLag } from "./revocation-lag";
import { cleanUpUnderLoad } from "./scenarios/cleanup-under-load";
import { killBetweenCommitAndResponse } from "./scenarios/kill-before-response";
import { logOutAllDuringLogin } from "./scenarios/login-during-logout-all";
import { floodWithLogins } from "./scenarios/login-flood";
import { holdRowLock } from "./scenarios/row-lock";
import { exhaustPool, slowDatabase } from "./scenarios/slow-database";
import { suspendInstance } from "./scenarios/suspended-instance";

export type Scenario = (lab: Lab) => Promise<void>;

/** Each runs alone, with production lifetimes. */
const SCENARIOS: Record<string, Scenario> = {
  "a row lock held by a stuck client": holdRowLock,
  "a revocation on one instance": measureRevocationLag,
  "a logout everywhere during a login": logOutAllDuringLogin,
  "a suspended instance": suspendInstance,
  "256 concurrent logins": floodWithLogins,
  "cleanup during refreshes and logouts everywhere": cleanUpUnderLoad,
  "a slow database": slowDatabase,
  "a database that does not respond": exhaustPool,
  "two concurrent migrations": migrateConcurrently,
  "a process killed between commit and response, a hundred times": killBetweenCommitAndResponse,
};

const SHORT_RUN = [
  "a row lock held by a stuck client",
  "a revocation on one instance",
  "a logout everywhere during a login",
  "a suspended instance",
  "two concurrent migrations",
];

export async function runFaultScenarios(lab: Lab, isShort: boolean, say: (detail: string) => void): Promise<void> {
  for (const [name, runScenario] of Object.entries(SCENARIOS)) {
    if (isShort && !SHORT_RUN.includes(name)) continue;
    say(name);
    await runScenario(lab);
    lab.results.count("scenarios");
  }
}
