import { inventAccount } from "./account";
import { Browser } from "./browser";
import { randomLoopbackAddress, USER_AGENTS } from "./network";
import { pause } from "@/evidence/pause";
import type { Lab } from "./lab";

const MAX_LAG_MILLISECONDS = 2000;
const MEASUREMENT_TIMEOUT_MILLISECONDS = 15_000;
const MEASUREMENTS = 5;

/** On quiet instances, a few times. */
export async function measureRevocationLag(lab: Lab): Promise<void> {
  for (let time = 0; time < MEASUREMENTS; time++) await revokeOnce(lab);
}

/** In the crowd, again and again. Only what no trouble of ours got in the way of counts. */
export async function measureRevocationLagUnderLoad(lab: Lab, everySeconds: number): Promise<void> {
  while (!lab.hasEnded) {
    await lab.wait(everySeconds * 1000);
    if (lab.isFaultFree && !lab.hasEnded) await revokeOnce(lab);
  }
}

/** Ends a session on one instance and asks the other one until it knows. */
async function revokeOnce(lab: Lab): Promise<void> {
  const { results } = lab;
  const browser = new Browser(lab, USER_AGENTS[0], randomLoopbackAddress(lab.random), inventAccount(true));
  const here = lab.random.chance(0.5) ? 0 : 1;
  if ((await browser.register({ instance: here })).kind !== "fine") return;
  const { sessionId, jar } = browser;
  browser.allowSignedOut();

  const beganAt = performance.now();
  const { accessToken } = jar;
  if ((await browser.mutate("auth.logout", undefined, { instance: here })).kind !== "fine") return;
  // Nothing but the access token: it is good for some seconds yet, and the other instance asks no database about it.
  jar.clear();
  jar.store(`__acc=${accessToken}`);
  const lag = await waitUntilRejected(browser, 1 - here, beganAt);
  if (lag === null) return;
  results.revocationLagMilliseconds.push(lag);
  results.check("revoked at once", lag <= MAX_LAG_MILLISECONDS, () => `${sessionId} took ${Math.round(lag)} ms`);
}

/**
 * From the answered logout to the last request that the other instance still let in. Null if trouble came in between, and it
 * counts only as long as there was time left: otherwise every long lag would find an excuse.
 */
async function waitUntilRejected(browser: Browser, there: number, beganAt: number): Promise<number | null> {
  const endedAt = performance.now();
  let lag = 0;
  while (performance.now() - endedAt < MEASUREMENT_TIMEOUT_MILLISECONDS) {
    const askedAt = performance.now();
    if (askedAt - endedAt <= MAX_LAG_MILLISECONDS && browser.lab.lastFaultAt > beganAt) return null;
    const outcome = await browser.call("auth.session", { instance: there });
    if (outcome.kind === "signed out") return lag;
    if (outcome.kind === "fine") lag = askedAt - endedAt;
    await pause(25);
  }
  return lag;
}
