import { dueBrowser, untilAnswered } from "@/evidence/fault-lab/crash-operations";
import { forEachAtOnce } from "@/evidence/pause";
import { millisecondsOf, say } from "@/evidence/fault-lab/browser-outcome";
import type { World } from "@/evidence/fault-lab/lab";

const SECONDS_AT_MOST = 5;
const OTHERS = 20;

/** A stuck client holds a session's row: its owner is told so in time, nobody else notices, and nothing is lost. */
export async function holdRowLock(world: World): Promise<void> {
  const { tally, stack } = world;
  const victim = await dueBrowser(world);
  const others = await Promise.all(Array.from({ length: OTHERS }, () => dueBrowser(world)));

  await stack.db.transaction().execute(async (stuck) => {
    await stuck.selectFrom("sessions").select("id").where("id", "=", victim.sessionId!).forUpdate().execute();

    // Three tabs, over both instances.
    const waiting = [0, 1, 0].map((instance) => victim.open("/dashboard", { instance, lifeMilliseconds: 15_000 }));
    await forEachAtOnce(others, 10, async (other) => {
      const reply = await other.open("/dashboard");
      tally.expect("others unharmed", reply.kind === "fine", () => `beside a locked row: ${say(reply)}`);
    });
    const answers = await Promise.all(waiting);
    for (const reply of answers) {
      const isTold = reply.kind === "unavailable";
      tally.expect("in time", isTold, () => `whose row is locked: ${say(reply)}`);
      const milliseconds = millisecondsOf(reply);
      const isInTime = milliseconds <= SECONDS_AT_MOST * 1000;
      tally.expect("in time", isInTime, () => `whose row is locked, after ${Math.round(milliseconds)} ms`);
    }
    const longest = Math.round(Math.max(...answers.map(millisecondsOf)));
    tally.note(
      "row held by a stuck client",
      `its owner told after ${longest} ms, ${OTHERS} others signed in meanwhile`,
    );
  });

  const after = await untilAnswered(() => victim.open("/dashboard"));
  tally.expect("signed in", after.kind === "fine", () => `after the lock on its row: ${say(after)}`);
}
