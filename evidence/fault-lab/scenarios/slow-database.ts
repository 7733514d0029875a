import type { Browser } from "@/evidence/fault-lab/browser";
import { dueBrowser, newBrowser, untilAnswered } from "@/evidence/fault-lab/crash-operations";
import { makeDue } from "@/evidence/fault-lab/make-refresh-due";
import { pause } from "@/evidence/pause";
import { millisecondsOf, say, type Reply } from "@/evidence/fault-lab/browser-outcome";
import type { World } from "@/evidence/fault-lab/lab";

const LIFE_MILLISECONDS = 30_000;
const REFRESH_SECONDS_AT_MOST = 5.5;
const SECONDS_AT_MOST = 10;
const QUICK_SECONDS = 1;
const ASKING_AT_ONCE = 300;

/** A slow database slows down; a very slow one is given up on, in time, and takes no cookie with it. */
export async function slowDatabase(world: World): Promise<void> {
  const { tally, stack } = world;
  const [{ wire }] = stack.instances;
  const browser = await dueBrowser(world);
  try {
    wire.latencyMilliseconds = 300;
    const slow = await browser.open("/dashboard", { instance: 0, lifeMilliseconds: LIFE_MILLISECONDS });
    tally.expect("in time", slow.kind === "fine", () => `with 300 ms a statement: ${say(slow)}`);

    await makeDue(browser);
    wire.latencyMilliseconds = 3500;
    const slower = await browser.open("/dashboard", { instance: 0, lifeMilliseconds: LIFE_MILLISECONDS });
    tally.expect("in time", slower.kind === "unavailable", () => `with 3.5 s a statement: ${say(slower)}`);
    expectWithin(world, slower, REFRESH_SECONDS_AT_MOST, "a refresh with 3.5 s a statement");
    const [fine, told] = [slow, slower].map((reply) => `${say(reply)} in ${Math.round(millisecondsOf(reply))} ms`);
    tally.note("slow statements", `300 ms each: ${fine}; 3.5 s each: ${told}`);
  } finally {
    wire.latencyMilliseconds = 0;
  }
  const after = await untilAnswered(() => browser.open("/dashboard"));
  tally.expect("signed in", after.kind === "fine", () => `after a slow database: ${say(after)}`);
}

/** A database that takes questions and gives no answers: the pool runs dry, its queue fills up, and all are told in time. */
export async function exhaustPool(world: World): Promise<void> {
  const { tally, stack } = world;
  const [{ wire }] = stack.instances;
  const browser = await newBrowser(world);
  const due = await dueBrowser(world);
  wire.stall();
  try {
    const asking = Array.from({ length: ASKING_AT_ONCE }, () => ask(browser, "users.me"));
    const refreshing = due.open("/dashboard", { instance: 0, lifeMilliseconds: LIFE_MILLISECONDS });
    await pause(500);
    // What needs no database goes on as if nothing were wrong.
    for (let time = 0; time < 10; time++) {
      const reply = await ask(browser, "auth.session");
      tally.expect("others unharmed", reply.kind === "fine", () => `without a database: ${say(reply)}`);
      expectWithin(world, reply, QUICK_SECONDS, "a call that needs no database");
    }
    const answers = await Promise.all([...asking, refreshing]);
    const longest = Math.round(Math.max(...answers.map(millisecondsOf)));
    tally.note(
      "pool run dry",
      `${answers.length} asked a database that does not answer, all told within ${longest} ms`,
    );
    for (const reply of answers) {
      tally.expect("in time", reply.kind === "unavailable", () => `from a pool run dry: ${say(reply)}`);
      expectWithin(world, reply, SECONDS_AT_MOST, "a call to a database that does not answer");
    }
  } finally {
    wire.flow();
  }
  const after = await untilAnswered(() => due.open("/dashboard", { instance: 0 }));
  tally.expect("signed in", after.kind === "fine", () => `after the pool ran dry: ${say(after)}`);
}

function ask(browser: Browser, procedure: string): Promise<Reply> {
  return browser.call(procedure, { instance: 0, lifeMilliseconds: LIFE_MILLISECONDS });
}

function expectWithin({ tally }: World, reply: Reply, seconds: number, what: string): void {
  const milliseconds = millisecondsOf(reply);
  tally.expect("in time", milliseconds <= seconds * 1000, () => `${what} took ${Math.round(milliseconds)} ms`);
}
