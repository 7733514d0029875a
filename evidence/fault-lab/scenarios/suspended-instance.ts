import { dueBrowser, newBrowser, untilAnswered } from "@/evidence/fault-lab/crash-operations";
import { makeDue } from "@/evidence/fault-lab/make-refresh-due";
import { forEachAtOnce } from "@/evidence/pause";
import { say } from "@/evidence/fault-lab/browser-outcome";
import type { World } from "@/evidence/fault-lab/lab";

const BROWSERS = 10;
const IMPATIENCE_MILLISECONDS = 300;

/**
 * An instance stops for longer than a window with requests in its sockets; their senders give up, and go on at the other
 * one. When it wakes up, it must not judge by its own clock what nobody waits for any longer: that would take from honest
 * browsers the successor that they received.
 */
export async function freezeInstance(world: World): Promise<void> {
  const { stack, tally } = world;
  const [frozen] = stack.instances;
  const browsers = await Promise.all(Array.from({ length: BROWSERS }, () => dueBrowser(world)));
  const witness = await newBrowser(world);
  frozen.freeze();
  try {
    await forEachAtOnce(browsers, BROWSERS, async (browser) => {
      await browser.open("/dashboard", { instance: 0, lifeMilliseconds: IMPATIENCE_MILLISECONDS });
      const reply = await browser.open("/dashboard", { instance: 1 });
      tally.expect("signed in", reply.kind === "fine", () => `beside a frozen instance: ${say(reply)}`);
      await makeDue(browser);
    });
  } finally {
    frozen.thaw();
  }
  // It takes them in their order: this one came last.
  await untilAnswered(() => witness.open("/dashboard", { instance: 0 }));
  await forEachAtOnce(browsers, BROWSERS, async (browser) => {
    await makeDue(browser);
    const reply = await untilAnswered(() => browser.open("/dashboard", { instance: 1 }));
    tally.expect("signed in", reply.kind === "fine", () => `after an instance was frozen: ${say(reply)}`);
  });
  tally.note("instance frozen", `${BROWSERS} requests waited in its sockets, and woke up after a window`);
}
