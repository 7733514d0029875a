import { describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import { dueBrowser, retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import type { Lab } from "@/evidence/fault-lab/lab";
import { makeRefreshDue } from "@/evidence/fault-lab/make-refresh-due";
import { forEachConcurrently } from "@/evidence/pause";

const ROUNDS = 10;
const BROWSERS = 10;
const ROTATION = /^\s*update `sessions` set `previous_nonce`/i;

/** Kills the process while ten rotations are committed but not answered; ten times. */
export async function killBetweenCommitAndResponse(lab: Lab): Promise<void> {
  const { stack, results } = lab;
  const browsers = await Promise.all(Array.from({ length: BROWSERS }, () => dueBrowser(lab)));
  for (let time = 0; time < ROUNDS; time++) {
    const target = time % 2;
    const instance = stack.instances[target]!;
    await Promise.all(browsers.map((browser) => makeRefreshDue(browser)));
    const breakpoint = instance.databaseProxy.setBreakpoint((statement) => (ROTATION.test(statement) ? "after" : null));
    const loads = browsers.map((browser) =>
      browser.open("/dashboard", { instance: target, timeoutMilliseconds: 20_000 }),
    );
    const allHeld = await breakpoint.waitForHeld(BROWSERS, 10);
    await instance.kill();
    instance.databaseProxy.reset();
    await Promise.all(loads);
    results.check("crash points", allHeld, () => `only ${breakpoint.held.length} of ${BROWSERS} rotations were held`);
    results.count("rotations killed after their commit", breakpoint.held.length);

    const restarted = stack.startInstance(instance);
    // Half retry immediately on the other instance, inside the grace window; the rest an hour later.
    await forEachConcurrently(browsers.entries(), BROWSERS, async ([at, browser]) => {
      if (at % 2 === 0) await makeRefreshDue(browser);
      const outcome = await retryUntilAnswered(() => browser.open("/dashboard", { instance: 1 - target }));
      results.check(
        "signed in",
        outcome.kind === "fine",
        () => `killed between commit and response: ${describeOutcome(outcome)}`,
      );
    });
    await restarted;
  }
}
