import type { Browser } from "@/evidence/fault-lab/browser";
import { dueBrowser, newBrowser, retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import { makeDue } from "@/evidence/fault-lab/make-refresh-due";
import { pause } from "@/evidence/pause";
import { millisecondsOf, describeOutcome, type BrowserOutcome } from "@/evidence/fault-lab/browser-outcome";
import type { Lab } from "@/evidence/fault-lab/lab";

const TIMEOUT_MILLISECONDS = 30_000;
const MAX_REFRESH_SECONDS = 5.5;
const MAX_SECONDS = 10;
const MAX_SECONDS_WITHOUT_DATABASE = 1;
const CONCURRENT_CALLS = 300;

/** A slow database slows down; a very slow one is given up on, in time, and takes no cookie with it. */
export async function slowDatabase(lab: Lab): Promise<void> {
  const { results, stack } = lab;
  const [{ databaseProxy }] = stack.instances;
  const browser = await dueBrowser(lab);
  try {
    databaseProxy.latencyMilliseconds = 300;
    const slow = await browser.open("/dashboard", { instance: 0, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    results.check("in time", slow.kind === "fine", () => `with 300 ms a statement: ${describeOutcome(slow)}`);

    await makeDue(browser);
    databaseProxy.latencyMilliseconds = 3500;
    const slower = await browser.open("/dashboard", { instance: 0, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    results.check("in time", slower.kind === "unavailable", () => `with 3.5 s a statement: ${describeOutcome(slower)}`);
    checkDuration(lab, slower, MAX_REFRESH_SECONDS, "a refresh with 3.5 s a statement");
    const [fine, told] = [slow, slower].map(
      (outcome) => `${describeOutcome(outcome)} in ${Math.round(millisecondsOf(outcome))} ms`,
    );
    results.addNote("slow statements", `300 ms each: ${fine}; 3.5 s each: ${told}`);
  } finally {
    databaseProxy.latencyMilliseconds = 0;
  }
  const after = await retryUntilAnswered(() => browser.open("/dashboard"));
  results.check("signed in", after.kind === "fine", () => `after a slow database: ${describeOutcome(after)}`);
}

/** A database that takes questions and gives no answers: the pool runs dry, its queue fills up, and all are told in time. */
export async function exhaustPool(lab: Lab): Promise<void> {
  const { results, stack } = lab;
  const [{ databaseProxy }] = stack.instances;
  const browser = await newBrowser(lab);
  const due = await dueBrowser(lab);
  databaseProxy.stallResponses();
  try {
    const asking = Array.from({ length: CONCURRENT_CALLS }, () => call(browser, "users.me"));
    const refreshing = due.open("/dashboard", { instance: 0, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    await pause(500);
    // What needs no database goes on as if nothing were wrong.
    for (let time = 0; time < 10; time++) {
      const outcome = await call(browser, "auth.session");
      results.check(
        "others unharmed",
        outcome.kind === "fine",
        () => `without a database: ${describeOutcome(outcome)}`,
      );
      checkDuration(lab, outcome, MAX_SECONDS_WITHOUT_DATABASE, "a call that needs no database");
    }
    const answers = await Promise.all([...asking, refreshing]);
    const longest = Math.round(Math.max(...answers.map(millisecondsOf)));
    results.addNote(
      "pool run dry",
      `${answers.length} asked a database that does not answer, all told within ${longest} ms`,
    );
    for (const outcome of answers) {
      results.check(
        "in time",
        outcome.kind === "unavailable",
        () => `from a pool run dry: ${describeOutcome(outcome)}`,
      );
      checkDuration(lab, outcome, MAX_SECONDS, "a call to a database that does not answer");
    }
  } finally {
    databaseProxy.resumeResponses();
  }
  const after = await retryUntilAnswered(() => due.open("/dashboard", { instance: 0 }));
  results.check("signed in", after.kind === "fine", () => `after the pool ran dry: ${describeOutcome(after)}`);
}

function call(browser: Browser, procedure: string): Promise<BrowserOutcome> {
  return browser.call(procedure, { instance: 0, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
}

function checkDuration({ results }: Lab, outcome: BrowserOutcome, seconds: number, what: string): void {
  const milliseconds = millisecondsOf(outcome);
  results.check("in time", milliseconds <= seconds * 1000, () => `${what} took ${Math.round(milliseconds)} ms`);
}
