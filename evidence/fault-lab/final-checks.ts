import { Browser } from "./browser";
import { jarWith } from "@/evidence/cookie-jar";
import { forEachAtOnce, pause } from "@/evidence/pause";
import type { Person } from "./simulated-user";
import { refreshForSure } from "./thefts";
import type { World } from "./lab";

const AT_ONCE = 16;

/** When all is over: whoever should be signed in is, and of each session one token works, however many were handed out. */
export async function audit(world: World, persons: readonly Person[], say: (detail: string) => void): Promise<void> {
  const honest = persons.filter(({ browser }) => browser.believesSignedIn).map(({ browser }) => browser);
  say(`${honest.length} browsers refresh once more`);
  const alive: Browser[] = [];
  await forEachAtOnce(honest, AT_ONCE, async (browser) => {
    browser.expectTheEnd();
    const end = await refreshForSure(browser);
    if (end === "ended" && browser.hasIdledOut) return world.tally.add("idled out");
    world.tally.expect("signed in", end === "refreshed", () => `session ${browser.sessionId} at the end: ${end}`);
    if (end === "refreshed") alive.push(browser);
  });

  // Past the window, so that every old token is judged as one that came too late.
  await pause(world.clearMilliseconds);
  say(`old tokens of ${alive.length} sessions are presented`);
  let turn = 0;
  await forEachAtOnce(alive, AT_ONCE, (browser) => presentOldToken(world, browser, ++turn % 2 === 0));
}

/**
 * One old token and then the newest: never may both work. The one before the newest may, for its owner's reply may have been
 * lost, and then the newest is dead; anything older ends the session.
 */
async function presentOldToken(world: World, browser: Browser, takesOldest: boolean): Promise<void> {
  const { tally } = world;
  const received = new Map(browser.holdings.map((holding) => [holding.generation, holding]));
  const holdings = [...received.values()].sort((one, other) => one.generation - other.generation);
  const newest = holdings.at(-1)!;
  const old = takesOldest ? holdings[0]! : holdings.at(-2);
  if (old === undefined || old === newest) return;
  tally.add("old tokens presented");
  const isPrevious = old === holdings.at(-2);
  const oldWorks = await works(browser, old.token);
  tally.expect(
    "one lineage",
    !oldWorks || isPrevious,
    () => `generation ${old.generation} of ${old.sessionId} works, long after generation ${newest.generation}`,
  );
  const newestWorks = await works(browser, newest.token);
  tally.expect(
    "one lineage",
    !(oldWorks && newestWorks),
    () => `generations ${old.generation} and ${newest.generation} of ${old.sessionId} both work`,
  );
}

async function works(browser: Browser, token: string): Promise<boolean> {
  const holder = new Browser(browser.world, browser.userAgent, browser.address, browser.account);
  holder.jar = jarWith(token);
  return (await refreshForSure(holder)) === "refreshed";
}
