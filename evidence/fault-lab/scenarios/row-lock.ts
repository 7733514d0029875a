import { dueBrowser, retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import { forEachConcurrently } from "@/evidence/pause";
import { millisecondsOf, describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import type { Lab } from "@/evidence/fault-lab/lab";

const MAX_SECONDS = 5;
const OTHER_BROWSERS = 20;

/** A stuck client holds a session's row: its owner is told so in time, nobody else notices, and nothing is lost. */
export async function holdRowLock(lab: Lab): Promise<void> {
  const { results, stack } = lab;
  const victim = await dueBrowser(lab);
  const others = await Promise.all(Array.from({ length: OTHER_BROWSERS }, () => dueBrowser(lab)));

  await stack.db.transaction().execute(async (stuck) => {
    await stuck.selectFrom("sessions").select("id").where("id", "=", victim.sessionId!).forUpdate().execute();

    // Three tabs, over both instances.
    const waiting = [0, 1, 0].map((instance) => victim.open("/dashboard", { instance, timeoutMilliseconds: 15_000 }));
    await forEachConcurrently(others, 10, async (other) => {
      const outcome = await other.open("/dashboard");
      results.check(
        "others unharmed",
        outcome.kind === "fine",
        () => `beside a locked row: ${describeOutcome(outcome)}`,
      );
    });
    const answers = await Promise.all(waiting);
    for (const outcome of answers) {
      const isTold = outcome.kind === "unavailable";
      results.check("in time", isTold, () => `whose row is locked: ${describeOutcome(outcome)}`);
      const milliseconds = millisecondsOf(outcome);
      const isInTime = milliseconds <= MAX_SECONDS * 1000;
      results.check("in time", isInTime, () => `whose row is locked, after ${Math.round(milliseconds)} ms`);
    }
    const longest = Math.round(Math.max(...answers.map(millisecondsOf)));
    results.addNote(
      "row held by a stuck client",
      `its owner told after ${longest} ms, ${OTHER_BROWSERS} others signed in meanwhile`,
    );
  });

  const after = await retryUntilAnswered(() => victim.open("/dashboard"));
  results.check("signed in", after.kind === "fine", () => `after the lock on its row: ${describeOutcome(after)}`);
}
