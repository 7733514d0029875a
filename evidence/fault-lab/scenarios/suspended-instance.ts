import { describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import { dueBrowser, newBrowser, retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import type { Lab } from "@/evidence/fault-lab/lab";
import { makeRefreshDue } from "@/evidence/fault-lab/make-refresh-due";
import { forEachConcurrently } from "@/evidence/pause";

const BROWSERS = 10;
const CLIENT_TIMEOUT_MILLISECONDS = 300;

/**
 * An instance is suspended for longer than the grace window with requests in its sockets; the clients time out and continue on the
 * other one. When it resumes, it must not refresh for clients that have disconnected: that would invalidate the replacement token
 * they received meanwhile.
 */
export async function suspendInstance(lab: Lab): Promise<void> {
  const { stack, results } = lab;
  const [suspended] = stack.instances;
  const browsers = await Promise.all(Array.from({ length: BROWSERS }, () => dueBrowser(lab)));
  const lastBrowser = await newBrowser(lab);
  suspended.suspend();
  try {
    await forEachConcurrently(browsers, BROWSERS, async (browser) => {
      await browser.open("/dashboard", { instance: 0, timeoutMilliseconds: CLIENT_TIMEOUT_MILLISECONDS });
      const outcome = await browser.open("/dashboard", { instance: 1 });
      results.check(
        "signed in",
        outcome.kind === "fine",
        () => `beside a suspended instance: ${describeOutcome(outcome)}`,
      );
      await makeRefreshDue(browser);
    });
  } finally {
    suspended.resume();
  }
  // The instance reads requests in order and this one is the last, so all others have been handled.
  await retryUntilAnswered(() => lastBrowser.open("/dashboard", { instance: 0 }));
  await forEachConcurrently(browsers, BROWSERS, async (browser) => {
    await makeRefreshDue(browser);
    const outcome = await retryUntilAnswered(() => browser.open("/dashboard", { instance: 1 }));
    results.check(
      "signed in",
      outcome.kind === "fine",
      () => `after an instance was suspended: ${describeOutcome(outcome)}`,
    );
  });
  results.addNote("suspended instance", `${BROWSERS} requests waited in its sockets for longer than the grace window`);
}
