import { inventAccount } from "./account";
import { Browser } from "./browser";
import { anyAddress, USER_AGENTS } from "./network";
import { pause } from "@/evidence/pause";
import type { World } from "./lab";

const ALLOWED_MILLISECONDS = 2000;
const GIVEN_UP_MILLISECONDS = 15_000;
const QUIET_TIMES = 5;

/** On quiet instances, a few times. */
export async function revokeInQuiet(world: World): Promise<void> {
  for (let time = 0; time < QUIET_TIMES; time++) await revokeOnce(world);
}

/** In the crowd, again and again. Only what no trouble of ours got in the way of counts. */
export async function revokeInTheCrowd(world: World, everySeconds: number): Promise<void> {
  while (!world.isOver) {
    await world.wait(everySeconds * 1000);
    if (world.isCalm && !world.isOver) await revokeOnce(world);
  }
}

/** Ends a session on one instance and asks the other one until it knows. */
async function revokeOnce(world: World): Promise<void> {
  const { tally } = world;
  const browser = new Browser(world, USER_AGENTS[0], anyAddress(world.random), inventAccount(true));
  const here = world.random.chance(0.5) ? 0 : 1;
  if ((await browser.register({ instance: here })).kind !== "fine") return;
  const { sessionId, jar } = browser;
  browser.expectTheEnd();

  const beganAt = performance.now();
  const { accessToken } = jar;
  if ((await browser.mutate("auth.logout", undefined, { instance: here })).kind !== "fine") return;
  // Nothing but the access token: it is good for some seconds yet, and the other instance asks no database about it.
  jar.clear();
  jar.receive(`__acc=${accessToken}`);
  const lag = await untilRefused(browser, 1 - here, beganAt);
  if (lag === null) return;
  tally.revocationLagMilliseconds.push(lag);
  tally.expect("revoked at once", lag <= ALLOWED_MILLISECONDS, () => `${sessionId} took ${Math.round(lag)} ms`);
}

/**
 * From the answered logout to the last request that the other instance still let in. Null if trouble came in between, and it
 * counts only as long as there was time left: otherwise every long lag would find an excuse.
 */
async function untilRefused(browser: Browser, there: number, beganAt: number): Promise<number | null> {
  const endedAt = performance.now();
  let lag = 0;
  while (performance.now() - endedAt < GIVEN_UP_MILLISECONDS) {
    const askedAt = performance.now();
    if (askedAt - endedAt <= ALLOWED_MILLISECONDS && browser.world.troubledAt > beganAt) return null;
    const reply = await browser.call("auth.session", { instance: there });
    if (reply.kind === "signed out") return lag;
    if (reply.kind === "fine") lag = askedAt - endedAt;
    await pause(25);
  }
  return lag;
}
