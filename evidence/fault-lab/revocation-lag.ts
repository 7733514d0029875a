import { pause } from "@/evidence/pause";
import { Browser, inventLabAccount } from "./browser";
import type { Lab } from "./lab";
import { randomLoopbackAddress, USER_AGENTS } from "./network";

const MAX_LAG_MILLISECONDS = 2000;
const MEASUREMENT_TIMEOUT_MILLISECONDS = 15_000;
const MEASUREMENTS = 5;

export async function measureRevocationLag(lab: Lab): Promise<void> {
  for (let time = 0; time < MEASUREMENTS; time++) await revokeOnce(lab);
}

/** Measures periodically during the soak, while no fault is active. */
export async function measureRevocationLagUnderLoad(lab: Lab, everySeconds: number): Promise<void> {
  while (!lab.hasEnded) {
    await lab.wait(everySeconds * 1000);
    if (lab.isFaultFree && !lab.hasEnded) await revokeOnce(lab);
  }
}

/** Ends a session on one instance and calls the other one until it rejects the access token. */
async function revokeOnce(lab: Lab): Promise<void> {
  const { results } = lab;
  const browser = new Browser(lab, USER_AGENTS[0], randomLoopbackAddress(lab.random), inventLabAccount());
  const instance = lab.random.chance(0.5) ? 0 : 1;
  if ((await browser.register({ instance })).kind !== "fine") return;
  const { sessionId, jar } = browser;
  browser.allowSignedOut();

  const startedAt = performance.now();
  const { accessToken } = jar;
  if ((await browser.mutate("auth.logout", undefined, { instance })).kind !== "fine") return;
  // The access token alone is still unexpired, and the other instance verifies it without the database.
  jar.clear();
  jar.store(`__acc=${accessToken}`);
  const lag = await waitUntilRejected(browser, 1 - instance, startedAt);
  if (lag === null) return;
  results.revocationLagMilliseconds.push(lag);
  results.check("revocation lag", lag <= MAX_LAG_MILLISECONDS, () => `${sessionId} took ${Math.round(lag)} ms`);
}

/**
 * The time from the logout response to the last accepted request. Null if a fault began before the allowed lag was over; a later
 * fault does not excuse the lag.
 */
async function waitUntilRejected(browser: Browser, otherInstance: number, startedAt: number): Promise<number | null> {
  const loggedOutAt = performance.now();
  let lag = 0;
  while (performance.now() - loggedOutAt < MEASUREMENT_TIMEOUT_MILLISECONDS) {
    const sentAt = performance.now();
    if (sentAt - loggedOutAt <= MAX_LAG_MILLISECONDS && browser.lab.lastFaultAt > startedAt) return null;
    const outcome = await browser.call("auth.session", { instance: otherInstance });
    if (outcome.kind === "signed out") return lag;
    if (outcome.kind === "fine") lag = sentAt - loggedOutAt;
    await pause(25);
  }
  return lag;
}
