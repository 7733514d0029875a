import { dueBrowser, newBrowser, retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import { makeDue } from "@/evidence/fault-lab/make-refresh-due";
import { forEachConcurrently } from "@/evidence/pause";
import { describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import type { Lab } from "@/evidence/fault-lab/lab";

const BROWSERS = 10;
const CLIENT_TIMEOUT_MILLISECONDS = 300;

/**
 * An instance stops for longer than a window with requests in its sockets; their senders give up, and go on at the other
 * one. When it wakes up, it must not judge by its own clock what nobody waits for any longer: that would take from honest
 * browsers the successor that they received.
 */
export async function suspendInstance(lab: Lab): Promise<void> {
  const { stack, results } = lab;
  const [frozen] = stack.instances;
  const browsers = await Promise.all(Array.from({ length: BROWSERS }, () => dueBrowser(lab)));
  const witness = await newBrowser(lab);
  frozen.suspend();
  try {
    await forEachConcurrently(browsers, BROWSERS, async (browser) => {
      await browser.open("/dashboard", { instance: 0, timeoutMilliseconds: CLIENT_TIMEOUT_MILLISECONDS });
      const outcome = await browser.open("/dashboard", { instance: 1 });
      results.check(
        "signed in",
        outcome.kind === "fine",
        () => `beside a frozen instance: ${describeOutcome(outcome)}`,
      );
      await makeDue(browser);
    });
  } finally {
    frozen.resume();
  }
  // It takes them in their order: this one came last.
  await retryUntilAnswered(() => witness.open("/dashboard", { instance: 0 }));
  await forEachConcurrently(browsers, BROWSERS, async (browser) => {
    await makeDue(browser);
    const outcome = await retryUntilAnswered(() => browser.open("/dashboard", { instance: 1 }));
    results.check(
      "signed in",
      outcome.kind === "fine",
      () => `after an instance was frozen: ${describeOutcome(outcome)}`,
    );
  });
  results.addNote("instance frozen", `${BROWSERS} requests waited in its sockets, and woke up after a window`);
}
