import { pause } from "@/evidence/pause";
import { Browser, inventLabAccount } from "./browser";
import { describeOutcome, type BrowserOutcome } from "./browser-outcome";
import type { BrowserRequest } from "./browser-request";
import type { Lab } from "./lab";
import { makeRefreshDue } from "./make-refresh-due";
import { randomLoopbackAddress, USER_AGENTS } from "./network";

type Options = Omit<BrowserRequest, "path">;

/** An operation that can be interrupted by a crash. */
export interface Operation {
  name: string;
  prepare: (lab: Lab) => Promise<Browser>;
  perform: (browser: Browser, options: Options) => Promise<BrowserOutcome>;
  /** Continues with the same browser and its cookies. Returns what is wrong, or null. */
  verify: (browser: Browser, options: Options) => Promise<string | null>;
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
      await makeRefreshDue(browser);
      return browser;
    },
    perform: load,
    verify: verifySignedIn,
  },
  {
    name: "login",
    prepare: async (lab) => allowingSignedOut(await newBrowser(lab)),
    perform: (browser, options) => browser.login(options),
    verify: async (browser, options) => {
      const outcome = await retryUntilAnswered(() => browser.login(options));
      return outcome.kind === "fine"
        ? verifySignedIn(browser, options)
        : `the login could not be retried: ${describeOutcome(outcome)}`;
    },
  },
  {
    name: "registration",
    prepare: async (lab) => new Browser(lab, USER_AGENTS[1], randomLoopbackAddress(lab.random), inventLabAccount()),
    perform: (browser, options) => browser.register(options),
    verify: async (browser, options) => {
      const outcome = await retryUntilAnswered(() => browser.register(options));
      const isRegistered = outcome.kind === "refused" && outcome.response.status === 409;
      if (outcome.kind !== "fine" && !isRegistered)
        return `the registration could not be retried: ${describeOutcome(outcome)}`;
      const login = await retryUntilAnswered(() => browser.login(options));
      return login.kind === "fine" ? null : `a registered user could not log in: ${describeOutcome(login)}`;
    },
  },
  {
    name: "logout",
    prepare: async (lab) => allowingSignedOut(await newBrowser(lab)),
    perform: (browser, options) => browser.mutate("auth.logout", undefined, options),
    verify: (browser, options) => verifyLogout(browser, "auth.logout", options),
  },
  {
    name: "logout everywhere",
    prepare: async (lab) => allowingSignedOut(await newBrowser(lab)),
    perform: (browser, options) => browser.mutate("auth.logoutAll", undefined, options),
    verify: (browser, options) => verifyLogout(browser, "auth.logoutAll", options),
  },
];

export async function newBrowser(lab: Lab): Promise<Browser> {
  const userAgent = lab.random.pick(USER_AGENTS);
  const browser = new Browser(lab, userAgent, randomLoopbackAddress(lab.random), inventLabAccount());
  const outcome = await retryUntilAnswered(() => browser.register());
  if (outcome.kind !== "fine") throw new Error(`Registration failed: ${describeOutcome(outcome)}`);
  return browser;
}

export async function dueBrowser(lab: Lab): Promise<Browser> {
  const browser = await newBrowser(lab);
  await makeRefreshDue(browser);
  return browser;
}

/** Retries while the servers restart. */
export async function retryUntilAnswered(send: () => Promise<BrowserOutcome>): Promise<BrowserOutcome> {
  const deadline = Date.now() + RETRY_MILLISECONDS;
  for (;;) {
    const outcome = await send();
    if ((outcome.kind !== "lost" && outcome.kind !== "unavailable") || Date.now() > deadline) return outcome;
    await pause(100);
  }
}

function load(browser: Browser, options: Options): Promise<BrowserOutcome> {
  return browser.open("/dashboard", options);
}

async function loseResponse(browser: Browser): Promise<Browser> {
  await browser.send({ path: "/dashboard", networkFault: { deliversResponse: async () => false } });
  return browser;
}

/** The operation may legitimately end the session. */
function allowingSignedOut(browser: Browser): Browser {
  browser.allowSignedOut();
  return browser;
}

/** Signed in now and after one more refresh: the token family is intact. */
async function verifySignedIn(browser: Browser, options: Options): Promise<string | null> {
  const now = await retryUntilAnswered(() => load(browser, options));
  if (now.kind !== "fine") return `not signed in afterwards: ${describeOutcome(now)}`;
  await makeRefreshDue(browser);
  const later = await retryUntilAnswered(() => load(browser, options));
  return later.kind === "fine" ? null : `not signed in after the next refresh: ${describeOutcome(later)}`;
}

/** A retried logout succeeds or finds no session, and the old refresh token is rejected. */
async function verifyLogout(browser: Browser, procedure: string, options: Options): Promise<string | null> {
  const copy = browser.copyAs(browser.userAgent, browser.address);
  const outcome = await retryUntilAnswered(() => browser.mutate(procedure, undefined, options));
  const isLoggedOut = outcome.kind === "fine" || (outcome.kind === "signed out" && procedure !== "auth.logout");
  if (!isLoggedOut) return `it could not be retried: ${describeOutcome(outcome)}`;
  if (copy.jar.refreshToken === null) return null;
  const after = await retryUntilAnswered(() => copy.mutate("auth.refresh", undefined, options));
  return after.kind === "signed out" ? null : `after the logout a refresh was answered ${describeOutcome(after)}`;
}
