import type { Browser } from "@/evidence/fault-lab/browser";
import { millisecondsOf, describeOutcome, type BrowserOutcome } from "@/evidence/fault-lab/browser-outcome";
import { dueBrowser, newBrowser, retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import type { Lab } from "@/evidence/fault-lab/lab";
import { makeRefreshDue } from "@/evidence/fault-lab/make-refresh-due";
import { pause } from "@/evidence/pause";

const TIMEOUT_MILLISECONDS = 30_000;
const MAX_REFRESH_SECONDS = 5.5;
const MAX_SECONDS = 10;
const MAX_SECONDS_WITHOUT_DATABASE = 1;
const CONCURRENT_CALLS = 300;

/** A slow database delays requests; a very slow one causes a timely 503 that keeps the cookies. */
export async function slowDatabase(lab: Lab): Promise<void> {
  const { results, stack } = lab;
  const [{ databaseProxy }] = stack.instances;
  const browser = await dueBrowser(lab);
  try {
    databaseProxy.latencyMilliseconds = 300;
    const slow = await browser.open("/dashboard", { instance: 0, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    results.check("time limits", slow.kind === "fine", () => `with 300 ms a statement: ${describeOutcome(slow)}`);

    await makeRefreshDue(browser);
    databaseProxy.latencyMilliseconds = 3500;
    const slower = await browser.open("/dashboard", { instance: 0, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    results.check(
      "time limits",
      slower.kind === "unavailable",
      () => `with 3.5 s a statement: ${describeOutcome(slower)}`,
    );
    checkDuration(lab, slower, MAX_REFRESH_SECONDS, "a refresh with 3.5 s a statement");
    const [accepted, rejected] = [slow, slower].map(
      (outcome) => `${describeOutcome(outcome)} in ${Math.round(millisecondsOf(outcome))} ms`,
    );
    results.addNote("slow statements", `300 ms each: ${accepted}; 3.5 s each: ${rejected}`);
  } finally {
    databaseProxy.latencyMilliseconds = 0;
  }
  const after = await retryUntilAnswered(() => browser.open("/dashboard"));
  results.check("signed in", after.kind === "fine", () => `after a slow database: ${describeOutcome(after)}`);
}

/** A database that accepts statements but does not respond: the pool and its queue fill up, and every request gets a timely 503. */
export async function exhaustPool(lab: Lab): Promise<void> {
  const { results, stack } = lab;
  const [{ databaseProxy }] = stack.instances;
  const browser = await newBrowser(lab);
  const due = await dueBrowser(lab);
  databaseProxy.stallResponses();
  try {
    const calls = Array.from({ length: CONCURRENT_CALLS }, () => call(browser, "users.me"));
    const refresh = due.open("/dashboard", { instance: 0, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    await pause(500);
    // Calls that need no database are unaffected.
    for (let time = 0; time < 10; time++) {
      const outcome = await call(browser, "auth.session");
      results.check("isolation", outcome.kind === "fine", () => `without a database: ${describeOutcome(outcome)}`);
      checkDuration(lab, outcome, MAX_SECONDS_WITHOUT_DATABASE, "a call that needs no database");
    }
    const outcomes = await Promise.all([...calls, refresh]);
    const longest = Math.round(Math.max(...outcomes.map(millisecondsOf)));
    results.addNote(
      "pool exhausted",
      `${outcomes.length} requests to a database that does not respond, all rejected within ${longest} ms`,
    );
    for (const outcome of outcomes) {
      results.check(
        "time limits",
        outcome.kind === "unavailable",
        () => `from an exhausted pool: ${describeOutcome(outcome)}`,
      );
      checkDuration(lab, outcome, MAX_SECONDS, "a call to a database that does not respond");
    }
  } finally {
    databaseProxy.resumeResponses();
  }
  const after = await retryUntilAnswered(() => due.open("/dashboard", { instance: 0 }));
  results.check("signed in", after.kind === "fine", () => `after the pool was exhausted: ${describeOutcome(after)}`);
}

function call(browser: Browser, procedure: string): Promise<BrowserOutcome> {
  return browser.call(procedure, { instance: 0, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
}

function checkDuration({ results }: Lab, outcome: BrowserOutcome, seconds: number, what: string): void {
  const milliseconds = millisecondsOf(outcome);
  results.check("time limits", milliseconds <= seconds * 1000, () => `${what} took ${Math.round(milliseconds)} ms`);
}
