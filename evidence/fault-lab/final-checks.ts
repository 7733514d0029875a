import { jarWithRefreshToken } from "@/evidence/cookie-jar";
import { forEachConcurrently, pause } from "@/evidence/pause";
import { Browser } from "./browser";
import type { Lab } from "./lab";
import type { SimulatedUser } from "./simulated-user";
import { refreshUntilAnswered } from "./thefts";

const CONCURRENCY = 16;

/** At the end every browser is signed in as expected, and at most one refresh token of each session works. */
export async function checkFinalState(
  lab: Lab,
  users: readonly SimulatedUser[],
  say: (detail: string) => void,
  passGraceWindow: (browsers: readonly Browser[]) => Promise<void> = () => pause(lab.beyondGraceMilliseconds),
): Promise<void> {
  const signedIn = users.filter(({ browser }) => browser.expectsSignedIn).map(({ browser }) => browser);
  say(`${signedIn.length} browsers refresh once more`);
  const refreshed: Browser[] = [];
  await forEachConcurrently(signedIn, CONCURRENCY, async (browser) => {
    browser.allowSignedOut();
    const end = await refreshUntilAnswered(browser);
    if (end === "ended" && browser.hasIdledOut) return lab.results.count("idled out");
    lab.results.check("signed in", end === "refreshed", () => `session ${browser.sessionId} at the end: ${end}`);
    if (end === "refreshed") refreshed.push(browser);
  });

  // Past the grace window, so that an old token counts as a replay.
  await passGraceWindow(refreshed);
  say(`old tokens of ${refreshed.length} sessions are presented`);
  let turn = 0;
  await forEachConcurrently(refreshed, CONCURRENCY, (browser) => presentOldToken(lab, browser, ++turn % 2 === 0));
}

/**
 * Presents one old token and then the newest: both must not work. The token before the newest may, because the response with the
 * newest may have been lost; then the newest no longer works. Any older token ends the session.
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
    "one token family",
    !oldWorks || isPrevious,
    () => `generation ${old.generation} of ${old.sessionId} works after generation ${newest.generation}`,
  );
  const newestWorks = await canRefresh(browser, newest.token);
  results.check(
    "one token family",
    !(oldWorks && newestWorks),
    () => `generations ${old.generation} and ${newest.generation} of ${old.sessionId} both work`,
  );
}

async function canRefresh(browser: Browser, token: string): Promise<boolean> {
  const copy = new Browser(browser.lab, browser.userAgent, browser.address, browser.account);
  copy.jar = jarWithRefreshToken(token);
  return (await refreshUntilAnswered(copy)) === "refreshed";
}
