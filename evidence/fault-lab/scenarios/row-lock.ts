import { millisecondsOf, describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import { dueBrowser, retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import type { Lab } from "@/evidence/fault-lab/lab";
import { forEachConcurrently } from "@/evidence/pause";

const MAX_SECONDS = 5;
const OTHER_BROWSERS = 20;

/** A stuck client locks a session's row: requests of that session get a timely 503, others are unaffected, and the session survives. */
export async function holdRowLock(lab: Lab): Promise<void> {
  const { results, stack } = lab;
  const victim = await dueBrowser(lab);
  const others = await Promise.all(Array.from({ length: OTHER_BROWSERS }, () => dueBrowser(lab)));

  await stack.db.transaction().execute(async (stuck) => {
    await stuck.selectFrom("sessions").select("id").where("id", "=", victim.sessionId!).forUpdate().execute();

    // Three tabs, on both instances.
    const blocked = [0, 1, 0].map((instance) => victim.open("/dashboard", { instance, timeoutMilliseconds: 15_000 }));
    await forEachConcurrently(others, 10, async (other) => {
      const outcome = await other.open("/dashboard");
      results.check("isolation", outcome.kind === "fine", () => `during a row lock: ${describeOutcome(outcome)}`);
    });
    const outcomes = await Promise.all(blocked);
    for (const outcome of outcomes) {
      const isUnavailable = outcome.kind === "unavailable";
      results.check("time limits", isUnavailable, () => `a request for a locked row: ${describeOutcome(outcome)}`);
      const milliseconds = millisecondsOf(outcome);
      const isInTime = milliseconds <= MAX_SECONDS * 1000;
      results.check("time limits", isInTime, () => `a request for a locked row, after ${Math.round(milliseconds)} ms`);
    }
    const longest = Math.round(Math.max(...outcomes.map(millisecondsOf)));
    results.addNote(
      "row lock held",
      `its session unavailable after ${longest} ms, ${OTHER_BROWSERS} others signed in meanwhile`,
    );
  });

  const after = await retryUntilAnswered(() => victim.open("/dashboard"));
  results.check("signed in", after.kind === "fine", () => `after the lock on its row: ${describeOutcome(after)}`);
}
