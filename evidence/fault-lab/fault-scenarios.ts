import { exhaustPool, slowDatabase } from "./scenarios/slow-database";
import { floodWithLogins } from "./scenarios/login-flood";
import { killBetweenCommitAndReply } from "./scenarios/kill-before-response";
import { freezeInstance } from "./scenarios/suspended-instance";
import { overtakeLogin } from "./scenarios/login-during-logout-all";
import { holdRowLock } from "./scenarios/row-lock";
import { stormEverythingTogether } from "./scenarios/cleanup-under-load";
import { migrateTwiceAtOnce } from "./migration-crashes";
import { revokeInQuiet } from "./revocation-lag";
import type { World } from "./lab";

export type Fault = (world: World) => Promise<void>;

/** Each by itself, on an otherwise quiet machine, with the lives of a production. */
const FAULTS: Record<string, Fault> = {
  "a stuck client holds a row": holdRowLock,
  "a revocation on one instance": revokeInQuiet,
  "a login that is overtaken by the end of all sessions": overtakeLogin,
  "an instance that is frozen": freezeInstance,
  "256 logins at once": floodWithLogins,
  "cleanup, a storm of refreshes and revocations of all": stormEverythingTogether,
  "a database that takes its time": slowDatabase,
  "a database that does not answer": exhaustPool,
  "two migrations at once": migrateTwiceAtOnce,
  "killed between commit and reply, a hundred times": killBetweenCommitAndReply,
};

const TASTE = [
  "a stuck client holds a row",
  "a revocation on one instance",
  "a login that is overtaken by the end of all sessions",
  "an instance that is frozen",
  "two migrations at once",
];

export async function bringFaults(world: World, isShort: boolean, say: (detail: string) => void): Promise<void> {
  for (const [name, bring] of Object.entries(FAULTS)) {
    if (isShort && !TASTE.includes(name)) continue;
    say(name);
    await bring(world);
    world.tally.add("faults");
  }
}
