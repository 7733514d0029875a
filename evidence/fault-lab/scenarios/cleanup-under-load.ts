import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { purgeEnded } from "@/db/tables/purge";
import { purgeExpiredLimits } from "@/db/tables/rate-limits";
import type { Browser } from "@/evidence/fault-lab/browser";
import { dueBrowser, newBrowser } from "@/evidence/fault-lab/crash-operations";
import { makeDue } from "@/evidence/fault-lab/make-refresh-due";
import { pause } from "@/evidence/pause";
import { say } from "@/evidence/fault-lab/browser-outcome";
import type { World } from "@/evidence/fault-lab/lab";

const REFRESHING = 24;
const OWNERS = 4;
const DEVICES = 8;
const ROUNDS = 6;

/** Cleanup, a storm of refreshes and people who end all their sessions, on the same rows and indexes: nobody gets a deadlock. */
export async function stormEverythingTogether(world: World): Promise<void> {
  const { tally } = world;
  const refreshing = await Promise.all(Array.from({ length: REFRESHING }, () => dueBrowser(world)));
  const families = await Promise.all(Array.from({ length: OWNERS }, () => familyOf(world)));
  let isOver = false;
  const cleaning = clean(world, () => isOver);

  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(refreshing.map((browser) => makeDue(browser)));
    await Promise.all([
      // Three tabs each, over both instances.
      ...refreshing.flatMap((browser) => [0, 1, 0].map((instance) => expectFine(world, browser, instance))),
      ...families.map((family) => endAll(world, family)),
    ]);
    tally.add("storms");
  }
  isOver = true;
  await cleaning;
  const refreshes = ROUNDS * (3 * REFRESHING + OWNERS * (DEVICES - 1));
  const ended = `${ROUNDS * OWNERS} times all sessions of somebody ended`;
  tally.note(
    "storm with cleanup",
    `${refreshes} refreshes, ${ended}, ${tally.brokenTimes("no deadlock")} deadlocks seen`,
  );
}

async function expectFine({ tally }: World, browser: Browser, instance: number): Promise<void> {
  const reply = await browser.open("/dashboard", { instance, lifeMilliseconds: 15_000 });
  tally.expect("no deadlock", reply.kind === "fine", () => `a refresh in the storm: ${say(reply)}`);
}

/** One person's browsers. */
async function familyOf(world: World): Promise<Browser[]> {
  const first = await newBrowser(world);
  const others = Array.from({ length: DEVICES - 1 }, () => first.copiedBy(first.userAgent, first.address));
  for (const other of others) other.jar.clear();
  return [first, ...others];
}

/** All of them come in, refresh and, in the middle of it, one ends the sessions of all. */
async function endAll(world: World, family: readonly Browser[]): Promise<void> {
  const { tally } = world;
  for (const browser of family) {
    browser.expectTheEnd();
    browser.jar.clear();
    const reply = await browser.login();
    tally.expect("no deadlock", reply.kind === "fine", () => `a login in the storm: ${say(reply)}`);
    browser.expectTheEnd();
  }
  await Promise.all(family.map((browser) => makeDue(browser)));
  const [owner, ...others] = family;
  const refreshes = others.map((browser) => browser.open("/dashboard", { lifeMilliseconds: 15_000 }));
  const ending = await owner!.mutate("auth.logoutAll");
  tally.expect("no deadlock", ending.kind === "fine", () => `ending all sessions in the storm: ${say(ending)}`);
  for (const reply of await Promise.all(refreshes)) {
    const isDefinite = reply.kind === "fine" || reply.kind === "signed out";
    tally.expect("no deadlock", isDefinite, () => `a refresh beside the end of all: ${say(reply)}`);
  }
  for (const browser of others) {
    const reply = await browser.mutate("auth.refresh");
    tally.expect(
      "ended stays ended",
      reply.kind !== "fine",
      () => `refreshed after all was ended: ${browser.sessionId}`,
    );
  }
}

/** As an instance does once a minute, but without a pause, and with something to remove. */
async function clean({ stack: { db } }: World, isOver: () => boolean): Promise<void> {
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
