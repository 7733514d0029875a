import { dueBrowser, untilAnswered } from "@/evidence/fault-lab/crash-operations";
import { makeDue } from "@/evidence/fault-lab/make-refresh-due";
import { forEachAtOnce } from "@/evidence/pause";
import { say } from "@/evidence/fault-lab/browser-outcome";
import type { World } from "@/evidence/fault-lab/lab";

const TIMES = 10;
const BROWSERS = 10;
const ROTATION = /^\s*update `sessions` set `previous_nonce`/i;

/** Ten browsers at once are caught between the commit of their rotation and its reply, and the process is killed; ten times. */
export async function killBetweenCommitAndReply(world: World): Promise<void> {
  const { stack, tally } = world;
  const browsers = await Promise.all(Array.from({ length: BROWSERS }, () => dueBrowser(world)));
  for (let time = 0; time < TIMES; time++) {
    const target = time % 2;
    const instance = stack.instances[target]!;
    await Promise.all(browsers.map((browser) => makeDue(browser)));
    const trap = instance.wire.trap((statement) => (ROTATION.test(statement) ? "after" : null));
    const loads = browsers.map((browser) => browser.open("/dashboard", { instance: target, lifeMilliseconds: 20_000 }));
    const allHeld = await trap.until(BROWSERS, 10);
    await instance.kill();
    instance.wire.spring();
    await Promise.all(loads);
    tally.expect("crash points", allHeld, () => `only ${trap.held.length} of ${BROWSERS} rotations were caught`);
    tally.add("rotations killed after their commit", trap.held.length);

    const comesBack = stack.startInstance(instance);
    // At once on the other instance for half of them: inside the window. An hour later for the rest.
    await forEachAtOnce(browsers.entries(), BROWSERS, async ([at, browser]) => {
      if (at % 2 === 0) await makeDue(browser);
      const reply = await untilAnswered(() => browser.open("/dashboard", { instance: 1 - target }));
      tally.expect("signed in", reply.kind === "fine", () => `killed between commit and reply: ${say(reply)}`);
    });
    await comesBack;
  }
}
