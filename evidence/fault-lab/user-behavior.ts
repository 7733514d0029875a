import { randomLoopbackAddress } from "./network";
import type { SimulatedUser } from "./simulated-user";

/** What people do beside working: they sleep, move, log out and in. Until the world is over. */
export async function simulateUser(user: SimulatedUser): Promise<void> {
  const { lab, random } = user;
  const habits = random.stream("habits");
  const { graceSeconds, accessSeconds, idleSeconds } = lab.lifetimes;
  while (!lab.hasEnded) {
    await lab.wait(habits.between(4, 16) * 1000);
    if (lab.hasEnded) return;
    switch (habits.pickWeighted({ nap: 50, night: 25, move: 10, logout: 10, oversleep: 3 })) {
      case "nap":
        await stayAway(user, habits.between(graceSeconds * 0.5, graceSeconds * 2), habits.chance(0.5));
        break;
      case "night":
        // Longer than everything but the session itself.
        await stayAway(user, Math.min(idleSeconds / 4, accessSeconds * habits.between(1.2, 3)), habits.chance(0.5));
        break;
      case "move":
        await user.runExclusively(async () => {
          user.browser.address = randomLoopbackAddress(habits);
        });
        break;
      case "logout":
        await logOutAndIn(user);
        break;
      case "oversleep":
        await exceedIdleTimeout(user);
    }
  }
}

async function stayAway(user: SimulatedUser, seconds: number, hangsUp: boolean): Promise<void> {
  if (await user.runExclusively(() => user.lab.wait(seconds * 1000), { hangsUp })) user.lab.results.count("sleeps");
}

/** Somebody who was away for longer than the idle time is asked to log in: that is a promise too. */
async function exceedIdleTimeout(user: SimulatedUser): Promise<void> {
  const { lab, browser } = user;
  const copy = browser.copyAs(browser.userAgent, browser.address);
  await user.runExclusively(async () => {
    const { sessionId } = browser;
    await lab.wait((lab.lifetimes.idleSeconds + 1) * 1000);
    browser.allowSignedOut();
    if (lab.hasEnded) return;
    for (const [name, one] of [
      ["the browser", browser],
      ["its backup", copy],
    ] as const) {
      const outcome = await one.open("/dashboard");
      lab.results.check(
        "ended stays ended",
        outcome.kind !== "fine",
        () => `${name} overslept in ${sessionId}: signed in`,
      );
    }
    lab.results.count("overslept");
    await user.signIn("login");
  });
}

/** After an answered logout none of the cookies that there were is good for anything. */
async function logOutAndIn(user: SimulatedUser): Promise<void> {
  const { lab, browser } = user;
  await user.runExclusively(
    async () => {
      const copy = browser.copyAs(browser.userAgent, browser.address);
      browser.allowSignedOut();
      const outcome = await browser.mutate("auth.logout");
      if (outcome.kind === "fine") {
        lab.results.count("logouts");
        const later = await copy.mutate("auth.refresh");
        const isRefused = later.kind !== "fine";
        lab.results.check("ended stays ended", isRefused, () => `session ${copy.sessionId} refreshed after its logout`);
      }
      await user.signIn("login");
    },
    { hangsUp: true },
  );
}
