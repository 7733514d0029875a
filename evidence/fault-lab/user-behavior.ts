import { randomLoopbackAddress } from "./network";
import type { SimulatedUser } from "./simulated-user";

/** Absences, changes of address, logouts and logins, until the run ends. */
export async function simulateUser(user: SimulatedUser): Promise<void> {
  const { lab, random } = user;
  const behavior = random.stream("behavior");
  const { graceSeconds, accessSeconds, idleSeconds } = lab.lifetimes;
  while (!lab.hasEnded) {
    await lab.wait(behavior.between(4, 16) * 1000);
    if (lab.hasEnded) return;
    switch (
      behavior.pickWeighted({ shortAbsence: 50, longAbsence: 25, changeAddress: 10, logout: 10, exceedIdleTimeout: 3 })
    ) {
      case "shortAbsence":
        await stayAway(user, behavior.between(graceSeconds * 0.5, graceSeconds * 2), behavior.chance(0.5));
        break;
      case "longAbsence":
        // Longer than the access token, shorter than the session.
        await stayAway(user, Math.min(idleSeconds / 4, accessSeconds * behavior.between(1.2, 3)), behavior.chance(0.5));
        break;
      case "changeAddress":
        await user.runExclusively(async () => {
          user.browser.address = randomLoopbackAddress(behavior);
        });
        break;
      case "logout":
        await logOutAndIn(user);
        break;
      case "exceedIdleTimeout":
        await exceedIdleTimeout(user);
    }
  }
}

async function stayAway(user: SimulatedUser, seconds: number, abortsRequests: boolean): Promise<void> {
  if (await user.runExclusively(() => user.lab.wait(seconds * 1000), { abortsRequests }))
    user.lab.results.count("absences");
}

/** After the idle timeout neither the browser nor a copy of its cookies is signed in. */
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
      ["its copy", copy],
    ] as const) {
      const outcome = await one.open("/dashboard");
      lab.results.check(
        "ended sessions",
        outcome.kind !== "fine",
        () => `${name} overslept in ${sessionId}: signed in`,
      );
    }
    lab.results.count("idle timeouts");
    await user.signIn("login");
  });
}

/** After a successful logout a copy of the cookies cannot refresh. */
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
        lab.results.check("ended sessions", isRefused, () => `session ${copy.sessionId} refreshed after its logout`);
      }
      await user.signIn("login");
    },
    { abortsRequests: true },
  );
}
