import { inventAccount } from "./account";
import type { BrowserRequest } from "./browser-request";
import { Browser } from "./browser";
import { makeDue } from "./make-refresh-due";
import { randomLoopbackAddress, USER_AGENTS } from "./network";
import { pause } from "@/evidence/pause";
import { describeOutcome, type BrowserOutcome } from "./browser-outcome";
import type { Lab } from "./lab";

type Options = Omit<BrowserRequest, "path">;

/** Something that can be struck in the middle. */
export interface Operation {
  name: string;
  prepare: (lab: Lab) => Promise<Browser>;
  perform: (browser: Browser, how: Options) => Promise<BrowserOutcome>;
  /** The same browser goes on, with the jar it was left with. Says what is wrong, if anything is. */
  verify: (browser: Browser, how: Options) => Promise<string | null>;
}

const RETRY_MILLISECONDS = 20_000;

export const OPERATIONS: readonly Operation[] = [
  { name: "rotation", prepare: dueBrowser, perform: load, verify: verifySignedIn },
  {
    name: "reissue",
    prepare: async (lab) => loseResponse(await dueBrowser(lab)),
    perform: load,
    verify: verifySignedIn,
  },
  {
    name: "recovery",
    prepare: async (lab) => {
      const browser = await loseResponse(await dueBrowser(lab));
      await makeDue(browser);
      return browser;
    },
    perform: load,
    verify: verifySignedIn,
  },
  {
    name: "login",
    prepare: async (lab) => allowingSignedOut(await newBrowser(lab)),
    perform: (browser, how) => browser.login(how),
    verify: async (browser, how) => {
      const outcome = await retryUntilAnswered(() => browser.login(how));
      return outcome.kind === "fine"
        ? verifySignedIn(browser, how)
        : `the login could not be repeated: ${describeOutcome(outcome)}`;
    },
  },
  {
    name: "registration",
    prepare: async (lab) => new Browser(lab, USER_AGENTS[1], randomLoopbackAddress(lab.random), inventAccount(true)),
    perform: (browser, how) => browser.register(how),
    verify: async (browser, how) => {
      const outcome = await retryUntilAnswered(() => browser.register(how));
      const isThere = outcome.kind === "refused" && outcome.response.status === 409;
      if (outcome.kind !== "fine" && !isThere)
        return `the registration could not be repeated: ${describeOutcome(outcome)}`;
      const login = await retryUntilAnswered(() => browser.login(how));
      return login.kind === "fine" ? null : `a registered user could not log in: ${describeOutcome(login)}`;
    },
  },
  {
    name: "logout",
    prepare: async (lab) => allowingSignedOut(await newBrowser(lab)),
    perform: (browser, how) => browser.mutate("auth.logout", undefined, how),
    verify: (browser, how) => verifyLogout(browser, "auth.logout", how),
  },
  {
    name: "logout everywhere",
    prepare: async (lab) => allowingSignedOut(await newBrowser(lab)),
    perform: (browser, how) => browser.mutate("auth.logoutAll", undefined, how),
    verify: (browser, how) => verifyLogout(browser, "auth.logoutAll", how),
  },
];

export async function newBrowser(lab: Lab): Promise<Browser> {
  const userAgent = lab.random.pick(USER_AGENTS);
  const browser = new Browser(lab, userAgent, randomLoopbackAddress(lab.random), inventAccount(true));
  const outcome = await retryUntilAnswered(() => browser.register());
  if (outcome.kind !== "fine") throw new Error(`Nobody can register: ${describeOutcome(outcome)}`);
  return browser;
}

export async function dueBrowser(lab: Lab): Promise<Browser> {
  const browser = await newBrowser(lab);
  await makeDue(browser);
  return browser;
}

/** Asks again while the servers come back. */
export async function retryUntilAnswered(ask: () => Promise<BrowserOutcome>): Promise<BrowserOutcome> {
  const deadline = Date.now() + RETRY_MILLISECONDS;
  for (;;) {
    const outcome = await ask();
    if ((outcome.kind !== "lost" && outcome.kind !== "unavailable") || Date.now() > deadline) return outcome;
    await pause(100);
  }
}

function load(browser: Browser, how: Options): Promise<BrowserOutcome> {
  return browser.open("/dashboard", how);
}

async function loseResponse(browser: Browser): Promise<Browser> {
  await browser.send({ path: "/dashboard", networkFault: { deliversResponse: async () => false } });
  return browser;
}

/** What happens next may rightly end its session. */
function allowingSignedOut(browser: Browser): Browser {
  browser.allowSignedOut();
  return browser;
}

/** Signed in now, and at the refresh after: the lineage is whole. */
async function verifySignedIn(browser: Browser, how: Options): Promise<string | null> {
  const now = await retryUntilAnswered(() => load(browser, how));
  if (now.kind !== "fine") return `not signed in afterwards: ${describeOutcome(now)}`;
  await makeDue(browser);
  const later = await retryUntilAnswered(() => load(browser, how));
  return later.kind === "fine" ? null : `not signed in at the refresh after: ${describeOutcome(later)}`;
}

/** Repeated, it says yes, or that there is nothing left to end; and none of the old cookies works. */
async function verifyLogout(browser: Browser, procedure: string, how: Options): Promise<string | null> {
  const copy = browser.copyAs(browser.userAgent, browser.address);
  const outcome = await retryUntilAnswered(() => browser.mutate(procedure, undefined, how));
  const isOver = outcome.kind === "fine" || (outcome.kind === "signed out" && procedure !== "auth.logout");
  if (!isOver) return `it could not be repeated: ${describeOutcome(outcome)}`;
  if (copy.jar.refreshToken === null) return null;
  const after = await retryUntilAnswered(() => copy.mutate("auth.refresh", undefined, how));
  return after.kind === "signed out"
    ? null
    : `after the answered logout a refresh was answered ${describeOutcome(after)}`;
}
