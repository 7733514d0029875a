import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { purgeEnded } from "@/db/tables/purge";
import { purgeExpiredLimits } from "@/db/tables/rate-limits";
import type { Browser } from "@/evidence/fault-lab/browser";
import { dueBrowser, newBrowser } from "@/evidence/fault-lab/crash-operations";
import { makeDue } from "@/evidence/fault-lab/make-refresh-due";
import { pause } from "@/evidence/pause";
import { describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import type { Lab } from "@/evidence/fault-lab/lab";

const REFRESHING = 24;
const USERS = 4;
const BROWSERS_PER_USER = 8;
const ROUNDS = 6;

/** Cleanup, a storm of refreshes and people who end all their sessions, on the same rows and indexes: nobody gets a deadlock. */
export async function cleanUpUnderLoad(lab: Lab): Promise<void> {
  const { results } = lab;
  const refreshing = await Promise.all(Array.from({ length: REFRESHING }, () => dueBrowser(lab)));
  const families = await Promise.all(Array.from({ length: USERS }, () => openBrowsersOfOneUser(lab)));
  let isOver = false;
  const cleaning = purgeContinuously(lab, () => isOver);

  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(refreshing.map((browser) => makeDue(browser)));
    await Promise.all([
      // Three tabs each, over both instances.
      ...refreshing.flatMap((browser) => [0, 1, 0].map((instance) => checkRefresh(lab, browser, instance))),
      ...families.map((family) => logOutAllDuringRefreshes(lab, family)),
    ]);
    results.count("storms");
  }
  isOver = true;
  await cleaning;
  const refreshes = ROUNDS * (3 * REFRESHING + USERS * (BROWSERS_PER_USER - 1));
  const ended = `${ROUNDS * USERS} times all sessions of somebody ended`;
  results.addNote(
    "storm with cleanup",
    `${refreshes} refreshes, ${ended}, ${results.violationCount("no deadlock")} deadlocks seen`,
  );
}

async function checkRefresh({ results }: Lab, browser: Browser, instance: number): Promise<void> {
  const outcome = await browser.open("/dashboard", { instance, timeoutMilliseconds: 15_000 });
  results.check("no deadlock", outcome.kind === "fine", () => `a refresh in the storm: ${describeOutcome(outcome)}`);
}

/** One person's browsers. */
async function openBrowsersOfOneUser(lab: Lab): Promise<Browser[]> {
  const first = await newBrowser(lab);
  const others = Array.from({ length: BROWSERS_PER_USER - 1 }, () => first.copyAs(first.userAgent, first.address));
  for (const other of others) other.jar.clear();
  return [first, ...others];
}

/** All of them come in, refresh and, in the middle of it, one ends the sessions of all. */
async function logOutAllDuringRefreshes(lab: Lab, family: readonly Browser[]): Promise<void> {
  const { results } = lab;
  for (const browser of family) {
    browser.allowSignedOut();
    browser.jar.clear();
    const outcome = await browser.login();
    results.check("no deadlock", outcome.kind === "fine", () => `a login in the storm: ${describeOutcome(outcome)}`);
    browser.allowSignedOut();
  }
  await Promise.all(family.map((browser) => makeDue(browser)));
  const [owner, ...others] = family;
  const refreshes = others.map((browser) => browser.open("/dashboard", { timeoutMilliseconds: 15_000 }));
  const ending = await owner!.mutate("auth.logoutAll");
  results.check(
    "no deadlock",
    ending.kind === "fine",
    () => `ending all sessions in the storm: ${describeOutcome(ending)}`,
  );
  for (const outcome of await Promise.all(refreshes)) {
    const isDefinite = outcome.kind === "fine" || outcome.kind === "signed out";
    results.check("no deadlock", isDefinite, () => `a refresh beside the end of all: ${describeOutcome(outcome)}`);
  }
  for (const browser of others) {
    const outcome = await browser.mutate("auth.refresh");
    results.check(
      "ended stays ended",
      outcome.kind !== "fine",
      () => `refreshed after all was ended: ${browser.sessionId}`,
    );
  }
}

/** As an instance does once a minute, but without a pause, and with something to remove. */
async function purgeContinuously({ stack: { db } }: Lab, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const bucket = randomUUID().replaceAll("-", "").padEnd(64, "0");
    await sql`insert into rate_limits (bucket, hits, expires_at) values (${bucket}, 1, utc_timestamp(3) - interval 1 day)`.execute(
      db,
    );
    // What ended a moment ago is as good as what ended a month ago.
    await purgeEnded(db, new Date(Date.now() + 1000), { olderThanSeconds: 0, batch: 50 });
    await purgeExpiredLimits(db, new Date(), 50);
    await pause(5);
  }
}
