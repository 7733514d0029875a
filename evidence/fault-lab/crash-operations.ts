import { inventAccount } from "./account";
import type { Asked } from "./browser-request";
import { Browser } from "./browser";
import { makeDue } from "./make-refresh-due";
import { anyAddress, USER_AGENTS } from "./network";
import { pause } from "@/evidence/pause";
import { say, type Reply } from "./browser-outcome";
import type { World } from "./lab";

type How = Omit<Asked, "path">;

/** Something that can be struck in the middle. */
export interface Operation {
  name: string;
  prepare: (world: World) => Promise<Browser>;
  perform: (browser: Browser, how: How) => Promise<Reply>;
  /** The same browser goes on, with the jar it was left with. Says what is wrong, if anything is. */
  goOn: (browser: Browser, how: How) => Promise<string | null>;
}

const PATIENCE_MILLISECONDS = 20_000;

export const OPERATIONS: readonly Operation[] = [
  { name: "rotation", prepare: dueBrowser, perform: load, goOn: isSignedInAndStays },
  {
    name: "reissue",
    prepare: async (world) => loseReply(await dueBrowser(world)),
    perform: load,
    goOn: isSignedInAndStays,
  },
  {
    name: "recovery",
    prepare: async (world) => {
      const browser = await loseReply(await dueBrowser(world));
      await makeDue(browser);
      return browser;
    },
    perform: load,
    goOn: isSignedInAndStays,
  },
  {
    name: "login",
    prepare: async (world) => forgetting(await newBrowser(world)),
    perform: (browser, how) => browser.login(how),
    goOn: async (browser, how) => {
      const reply = await untilAnswered(() => browser.login(how));
      return reply.kind === "fine"
        ? isSignedInAndStays(browser, how)
        : `the login could not be repeated: ${say(reply)}`;
    },
  },
  {
    name: "registration",
    prepare: async (world) => new Browser(world, USER_AGENTS[1], anyAddress(world.random), inventAccount(true)),
    perform: (browser, how) => browser.register(how),
    goOn: async (browser, how) => {
      const reply = await untilAnswered(() => browser.register(how));
      const isThere = reply.kind === "refused" && reply.answer.status === 409;
      if (reply.kind !== "fine" && !isThere) return `the registration could not be repeated: ${say(reply)}`;
      const login = await untilAnswered(() => browser.login(how));
      return login.kind === "fine" ? null : `a registered person could not log in: ${say(login)}`;
    },
  },
  {
    name: "logout",
    prepare: async (world) => forgetting(await newBrowser(world)),
    perform: (browser, how) => browser.mutate("auth.logout", undefined, how),
    goOn: (browser, how) => endsForGood(browser, "auth.logout", how),
  },
  {
    name: "logout everywhere",
    prepare: async (world) => forgetting(await newBrowser(world)),
    perform: (browser, how) => browser.mutate("auth.logoutAll", undefined, how),
    goOn: (browser, how) => endsForGood(browser, "auth.logoutAll", how),
  },
];

export async function newBrowser(world: World): Promise<Browser> {
  const userAgent = world.random.pick(USER_AGENTS);
  const browser = new Browser(world, userAgent, anyAddress(world.random), inventAccount(true));
  const reply = await untilAnswered(() => browser.register());
  if (reply.kind !== "fine") throw new Error(`Nobody can register: ${say(reply)}`);
  return browser;
}

export async function dueBrowser(world: World): Promise<Browser> {
  const browser = await newBrowser(world);
  await makeDue(browser);
  return browser;
}

/** Asks again while the servers come back. */
export async function untilAnswered(ask: () => Promise<Reply>): Promise<Reply> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const reply = await ask();
    if ((reply.kind !== "lost" && reply.kind !== "unavailable") || Date.now() > deadline) return reply;
    await pause(100);
  }
}

function load(browser: Browser, how: How): Promise<Reply> {
  return browser.open("/dashboard", how);
}

async function loseReply(browser: Browser): Promise<Browser> {
  await browser.ask({ path: "/dashboard", fate: { judgeReply: async () => false } });
  return browser;
}

/** What happens next may rightly end its session. */
function forgetting(browser: Browser): Browser {
  browser.expectTheEnd();
  return browser;
}

/** Signed in now, and at the refresh after: the lineage is whole. */
async function isSignedInAndStays(browser: Browser, how: How): Promise<string | null> {
  const now = await untilAnswered(() => load(browser, how));
  if (now.kind !== "fine") return `not signed in afterwards: ${say(now)}`;
  await makeDue(browser);
  const later = await untilAnswered(() => load(browser, how));
  return later.kind === "fine" ? null : `not signed in at the refresh after: ${say(later)}`;
}

/** Repeated, it says yes, or that there is nothing left to end; and none of the old cookies works. */
async function endsForGood(browser: Browser, procedure: string, how: How): Promise<string | null> {
  const copy = browser.copiedBy(browser.userAgent, browser.address);
  const reply = await untilAnswered(() => browser.mutate(procedure, undefined, how));
  const isOver = reply.kind === "fine" || (reply.kind === "signed out" && procedure !== "auth.logout");
  if (!isOver) return `it could not be repeated: ${say(reply)}`;
  if (copy.jar.refreshToken === null) return null;
  const after = await untilAnswered(() => copy.mutate("auth.refresh", undefined, how));
  return after.kind === "signed out" ? null : `after the answered logout a refresh was answered ${say(after)}`;
}
