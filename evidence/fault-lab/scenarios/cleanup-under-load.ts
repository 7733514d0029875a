import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { purgeEnded } from "@/db/tables/purge";
import { purgeExpiredLimits } from "@/db/tables/rate-limits";
import type { Browser } from "@/evidence/fault-lab/browser";
import { describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import { dueBrowser, newBrowser } from "@/evidence/fault-lab/crash-operations";
import type { Lab } from "@/evidence/fault-lab/lab";
import { makeRefreshDue } from "@/evidence/fault-lab/make-refresh-due";
import { pause } from "@/evidence/pause";

const REFRESHING = 24;
const USERS = 4;
const BROWSERS_PER_USER = 8;
const ROUNDS = 6;

/** Cleanup, concurrent refreshes and logouts everywhere use the same rows and indexes without a deadlock reaching a client. */
export async function cleanUpUnderLoad(lab: Lab): Promise<void> {
  const { results } = lab;
  const refreshing = await Promise.all(Array.from({ length: REFRESHING }, () => dueBrowser(lab)));
  const browserGroups = await Promise.all(Array.from({ length: USERS }, () => openBrowsersOfOneUser(lab)));
  let isDone = false;
  const cleaning = purgeContinuously(lab, () => isDone);

  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(refreshing.map((browser) => makeRefreshDue(browser)));
    await Promise.all([
      // Three tabs each, on both instances.
      ...refreshing.flatMap((browser) => [0, 1, 0].map((instance) => checkRefresh(lab, browser, instance))),
      ...browserGroups.map((browsers) => logOutAllDuringRefreshes(lab, browsers)),
    ]);
    results.count("rounds under load");
  }
  isDone = true;
  await cleaning;
  const refreshes = ROUNDS * (3 * REFRESHING + USERS * (BROWSERS_PER_USER - 1));
  const ended = `${ROUNDS * USERS} logouts everywhere`;
  results.addNote(
    "cleanup under load",
    `${refreshes} refreshes, ${ended}, ${results.violationCount("no deadlocks")} deadlocks`,
  );
}

async function checkRefresh({ results }: Lab, browser: Browser, instance: number): Promise<void> {
  const outcome = await browser.open("/dashboard", { instance, timeoutMilliseconds: 15_000 });
  results.check("no deadlocks", outcome.kind === "fine", () => `a refresh under load: ${describeOutcome(outcome)}`);
}

/** Signed out, except the first. */
async function openBrowsersOfOneUser(lab: Lab): Promise<Browser[]> {
  const first = await newBrowser(lab);
  const others = Array.from({ length: BROWSERS_PER_USER - 1 }, () => first.copyAs(first.userAgent, first.address));
  for (const other of others) other.jar.clear();
  return [first, ...others];
}

/** All browsers log in and refresh; meanwhile one of them logs out everywhere. */
async function logOutAllDuringRefreshes(lab: Lab, browsers: readonly Browser[]): Promise<void> {
  const { results } = lab;
  for (const browser of browsers) {
    browser.allowSignedOut();
    browser.jar.clear();
    const outcome = await browser.login();
    results.check("no deadlocks", outcome.kind === "fine", () => `a login under load: ${describeOutcome(outcome)}`);
    browser.allowSignedOut();
  }
  await Promise.all(browsers.map((browser) => makeRefreshDue(browser)));
  const [owner, ...others] = browsers;
  const refreshes = others.map((browser) => browser.open("/dashboard", { timeoutMilliseconds: 15_000 }));
  const logout = await owner!.mutate("auth.logoutAll");
  results.check(
    "no deadlocks",
    logout.kind === "fine",
    () => `a logout everywhere under load: ${describeOutcome(logout)}`,
  );
  for (const outcome of await Promise.all(refreshes)) {
    const isDefinite = outcome.kind === "fine" || outcome.kind === "signed out";
    results.check(
      "no deadlocks",
      isDefinite,
      () => `a refresh during a logout everywhere: ${describeOutcome(outcome)}`,
    );
  }
  for (const browser of others) {
    const outcome = await browser.mutate("auth.refresh");
    results.check(
      "ended sessions",
      outcome.kind !== "fine",
      () => `refreshed after a logout everywhere: ${browser.sessionId}`,
    );
  }
}

/** What an instance does once a minute, continuously and with rows to remove. */
async function purgeContinuously({ stack: { db } }: Lab, isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    const bucket = randomUUID().replaceAll("-", "").padEnd(64, "0");
    await sql`insert into rate_limits (bucket, hits, expires_at) values (${bucket}, 1, utc_timestamp(3) - interval 1 day)`.execute(
      db,
    );
    // Removes sessions however recently they ended.
    await purgeEnded(db, new Date(Date.now() + 1000), { olderThanSeconds: 0, batch: 50 });
    await purgeExpiredLimits(db, new Date(), 50);
    await pause(5);
  }
}
