import { Browser } from "./browser";
import { jarWithRefreshToken } from "@/evidence/cookie-jar";
import { forEachConcurrently, pause } from "@/evidence/pause";
import type { SimulatedUser } from "./simulated-user";
import { refreshUntilAnswered } from "./thefts";
import type { Lab } from "./lab";

const CONCURRENCY = 16;

/** When all is over: whoever should be signed in is, and of each session one token works, however many were handed out. */
export async function checkFinalState(
  lab: Lab,
  users: readonly SimulatedUser[],
  say: (detail: string) => void,
): Promise<void> {
  const honest = users.filter(({ browser }) => browser.expectsSignedIn).map(({ browser }) => browser);
  say(`${honest.length} browsers refresh once more`);
  const alive: Browser[] = [];
  await forEachConcurrently(honest, CONCURRENCY, async (browser) => {
    browser.allowSignedOut();
    const end = await refreshUntilAnswered(browser);
    if (end === "ended" && browser.hasIdledOut) return lab.results.count("idled out");
    lab.results.check("signed in", end === "refreshed", () => `session ${browser.sessionId} at the end: ${end}`);
    if (end === "refreshed") alive.push(browser);
  });

  // Past the window, so that every old token is judged as one that came too late.
  await pause(lab.beyondGraceMilliseconds);
  say(`old tokens of ${alive.length} sessions are presented`);
  let turn = 0;
  await forEachConcurrently(alive, CONCURRENCY, (browser) => presentOldToken(lab, browser, ++turn % 2 === 0));
}

/**
 * One old token and then the newest: never may both work. The one before the newest may, for its owner's reply may have been
 * lost, and then the newest is dead; anything older ends the session.
 */
async function presentOldToken(lab: Lab, browser: Browser, takesOldest: boolean): Promise<void> {
  const { results } = lab;
  const byGeneration = new Map(browser.receivedTokens.map((token) => [token.generation, token]));
  const received = [...byGeneration.values()].sort((one, other) => one.generation - other.generation);
  const newest = received.at(-1)!;
  const old = takesOldest ? received[0]! : received.at(-2);
  if (old === undefined || old === newest) return;
  results.count("old tokens presented");
  const isPrevious = old === received.at(-2);
  const oldWorks = await canRefresh(browser, old.token);
  results.check(
    "one lineage",
    !oldWorks || isPrevious,
    () => `generation ${old.generation} of ${old.sessionId} works, long after generation ${newest.generation}`,
  );
  const newestWorks = await canRefresh(browser, newest.token);
  results.check(
    "one lineage",
    !(oldWorks && newestWorks),
    () => `generations ${old.generation} and ${newest.generation} of ${old.sessionId} both work`,
  );
}

async function canRefresh(browser: Browser, token: string): Promise<boolean> {
  const holder = new Browser(browser.lab, browser.userAgent, browser.address, browser.account);
  holder.jar = jarWithRefreshToken(token);
  return (await refreshUntilAnswered(holder)) === "refreshed";
}
