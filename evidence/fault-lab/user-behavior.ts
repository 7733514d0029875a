import { anyAddress } from "./network";
import type { Person } from "./simulated-user";

/** What people do beside working: they sleep, move, log out and in. Until the world is over. */
export async function liveALife(person: Person): Promise<void> {
  const { world, random } = person;
  const habits = random.stream("habits");
  const { graceSeconds, accessSeconds, idleSeconds } = world.lives;
  while (!world.isOver) {
    await world.wait(habits.between(4, 16) * 1000);
    if (world.isOver) return;
    switch (habits.weigh({ nap: 50, night: 25, move: 10, logout: 10, oversleep: 3 })) {
      case "nap":
        await sleep(person, habits.between(graceSeconds * 0.5, graceSeconds * 2), habits.chance(0.5));
        break;
      case "night":
        // Longer than everything but the session itself.
        await sleep(person, Math.min(idleSeconds / 4, accessSeconds * habits.between(1.2, 3)), habits.chance(0.5));
        break;
      case "move":
        await person.interrupt(async () => {
          person.browser.address = anyAddress(habits);
        });
        break;
      case "logout":
        await logOutAndIn(person);
        break;
      case "oversleep":
        await oversleep(person);
    }
  }
}

async function sleep(person: Person, seconds: number, hangsUp: boolean): Promise<void> {
  if (await person.interrupt(() => person.world.wait(seconds * 1000), { hangsUp })) person.world.tally.add("sleeps");
}

/** Somebody who was away for longer than the idle time is asked to log in: that is a promise too. */
async function oversleep(person: Person): Promise<void> {
  const { world, browser } = person;
  const copy = browser.copiedBy(browser.userAgent, browser.address);
  await person.interrupt(async () => {
    const { sessionId } = browser;
    await world.wait((world.lives.idleSeconds + 1) * 1000);
    browser.expectTheEnd();
    if (world.isOver) return;
    for (const [name, one] of [
      ["the browser", browser],
      ["its backup", copy],
    ] as const) {
      const reply = await one.open("/dashboard");
      world.tally.expect(
        "ended stays ended",
        reply.kind !== "fine",
        () => `${name} overslept in ${sessionId}: signed in`,
      );
    }
    world.tally.add("overslept");
    await person.enter("login");
  });
}

/** After an answered logout none of the cookies that there were is good for anything. */
async function logOutAndIn(person: Person): Promise<void> {
  const { world, browser } = person;
  await person.interrupt(
    async () => {
      const copy = browser.copiedBy(browser.userAgent, browser.address);
      browser.expectTheEnd();
      const reply = await browser.mutate("auth.logout");
      if (reply.kind === "fine") {
        world.tally.add("logouts");
        const later = await copy.mutate("auth.refresh");
        const isRefused = later.kind !== "fine";
        world.tally.expect(
          "ended stays ended",
          isRefused,
          () => `session ${copy.sessionId} refreshed after its logout`,
        );
      }
      await person.enter("login");
    },
    { hangsUp: true },
  );
}
