import type { Browser } from "@/evidence/fault-lab/browser";
import { randomLoopbackAddress, USER_AGENTS } from "@/evidence/fault-lab/network";
import type { SimulatedUser } from "@/evidence/fault-lab/simulated-user";
import { refreshAlternately } from "@/evidence/fault-lab/thefts";
import { pauseUntil } from "@/evidence/pause";
import type { Random } from "@/evidence/random";

/** One more per holder than without a loss: a token that was retired before may be valid again. */
const TURNS = 6;

/** A copy of a cookie jar that is not used yet. */
export interface PlantedTheft {
  user: SimulatedUser;
  thief: Browser;
  thiefIsFirst: boolean;
  kind: string;
}

/** Copies the jars of these users; the copies differ in browser and in who refreshes first. */
export function plantThefts(users: readonly SimulatedUser[], random: Random, when: string): PlantedTheft[] {
  return users.map((user, index) => {
    const { browser } = user;
    const isSameBrowser = index % 4 < 2;
    const userAgent = isSameBrowser
      ? browser.userAgent
      : random.pick(USER_AGENTS.filter((one) => one !== browser.userAgent));
    const thief = browser.copyAs(userAgent, randomLoopbackAddress(random));
    const thiefIsFirst = index % 2 === 0;
    const kind = `copied ${when}, ${thiefIsFirst ? "thief first" : "victim first"}, ${isSameBrowser ? "same" : "another"} browser`;
    return { user, thief, thiefIsFirst, kind };
  });
}

/** Thief and victim refresh alternately. The theft must be noticed. */
export async function useStolenJar({ user, thief, thiefIsFirst, kind }: PlantedTheft): Promise<void> {
  const { lab, browser: victim } = user;
  // After a spurious logout the victim has another session.
  if (victim.sessionId !== thief.sessionId) return lab.results.count("thefts inconclusive");
  user.hasActiveTheft = true;
  await user.runExclusively(async () => {
    if (!victim.expectsSignedIn) return;
    await pauseUntil(victim.lastResponseAt + lab.beyondGraceMilliseconds);
    victim.allowSignedOut();
    await refreshAlternately(victim, thief, { thiefIsFirst, turns: TURNS, kind });
    await user.signIn("login");
  });
  user.hasActiveTheft = false;
}
