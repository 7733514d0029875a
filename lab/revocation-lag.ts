import { inventAccount } from "./account";
import { Browser } from "./browser";
import { anyAddress, USER_AGENTS } from "./network";
import { pause } from "./pause";
import type { World } from "./world";

const ALLOWED_MILLISECONDS = 2000;
const GIVEN_UP_MILLISECONDS = 15_000;

/** Ends a session on one instance, again and again, and asks the other one until it knows. Only calm times count. */
export async function measureRevocations(world: World, everySeconds: number): Promise<void> {
  const random = world.random.stream("revocations");
  while (!world.isOver) {
    await world.wait(everySeconds * 1000);
    if (!world.isCalm || world.isOver) continue;
    const startedAt = performance.now();
    const browser = new Browser(world, USER_AGENTS[0], anyAddress(random), inventAccount(true));
    const here = random.chance(0.5) ? 0 : 1;
    if ((await browser.register({ instance: here })).kind !== "fine") continue;
    browser.expectTheEnd();
    const lag = await measureLag(browser, here);
    if (lag === null || world.troubledAt > startedAt) continue;
    world.tally.revocationLagMilliseconds.push(lag);
    const { sessionId } = browser;
    world.tally.expect("revoked at once", lag <= ALLOWED_MILLISECONDS, () => `${sessionId} took ${Math.round(lag)} ms`);
  }
}

/** From the answered logout to the last request that the other instance still let in. Null if there was no logout. */
async function measureLag(browser: Browser, here: number): Promise<number | null> {
  // Nothing but the access token: it is good for some seconds yet, and the other instance asks no database about it.
  const { accessToken } = browser.jar;
  if (accessToken === null || (await browser.mutate("auth.logout", undefined, { instance: here })).kind !== "fine")
    return null;
  const endedAt = performance.now();
  let lag = 0;
  browser.jar.clear();
  browser.jar.receive(`__acc=${accessToken}`);
  while (performance.now() - endedAt < GIVEN_UP_MILLISECONDS) {
    const askedAt = performance.now();
    const reply = await browser.call("auth.session", { instance: 1 - here });
    if (reply.kind === "signed out") return lag;
    if (reply.kind === "fine") lag = askedAt - endedAt;
    await pause(25);
  }
  return lag;
}
