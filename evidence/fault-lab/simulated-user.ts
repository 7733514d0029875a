import { deferred, forEachConcurrently, pause } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import { Browser, inventLabAccount } from "./browser";
import type { BrowserOutcome } from "./browser-outcome";
import type { Lab } from "./lab";
import { randomLoopbackAddress, USER_AGENTS, randomNetworkFault } from "./network";

export const TABS = 3;
/** Mean think time of a tab, up to BROWSERS_AT_FULL_SPEED browsers. */
const THINK_MILLISECONDS = 2500;
const BROWSERS_AT_FULL_SPEED = 60;
const PREFETCHES = 6;

const CONCURRENT_REGISTRATIONS = 16;

/**
 * Users who have registered. The think time grows with their number: an overloaded machine would delay requests beyond the grace
 * window.
 */
export async function signInUsers(
  lab: Lab,
  count: number,
  say: (detail: string) => void,
  thinkMilliseconds = THINK_MILLISECONDS * Math.max(1, count / BROWSERS_AT_FULL_SPEED),
): Promise<readonly SimulatedUser[]> {
  const users = Array.from(
    { length: count },
    (_, at) => new SimulatedUser(lab, lab.random.stream(`user ${at}`), thinkMilliseconds),
  );
  let signedIn = 0;
  await forEachConcurrently(users, CONCURRENT_REGISTRATIONS, async (user) => {
    await user.signIn("register");
    say(`${++signedIn} of ${count} browsers signed in`);
  });
  return users;
}

/** A legitimate user with one browser and three tabs. Exclusive actions (logout, absence, theft) happen one at a time. */
export class SimulatedUser {
  readonly browser: Browser;
  /** While true, the end of the session is expected. */
  hasActiveTheft = false;
  #isExclusive = false;
  #resumed = deferred();
  #activeTabs = 0;

  constructor(
    readonly lab: Lab,
    readonly random: Random,
    private readonly thinkMilliseconds: number,
  ) {
    const account = inventLabAccount(random.chance(0.75));
    this.browser = new Browser(lab, random.pick(USER_AGENTS), randomLoopbackAddress(random), account);
  }

  /** Resolves when the run has ended. */
  async useTabs(): Promise<void> {
    this.#resumed.resolve();
    await Promise.all(Array.from({ length: TABS }, (_, tab) => this.#useTab(this.random.stream(`tab ${tab}`))));
  }

  /** Runs `work` while no tab sends a request. Returns false without running it if another exclusive action is active. */
  async runExclusively(work: () => Promise<void>, { abortsRequests = false } = {}): Promise<boolean> {
    if (this.#isExclusive) return false;
    this.#isExclusive = true;
    this.#resumed = deferred();
    if (abortsRequests) this.browser.abortRequests();
    while (this.#activeTabs > 0) await pause(10);
    try {
      await work();
    } finally {
      // All tabs resume at the same time.
      this.#resumed.resolve();
      this.#isExclusive = false;
    }
    return true;
  }

  async #useTab(random: Random): Promise<void> {
    await this.lab.wait(random.between(0, this.thinkMilliseconds));
    while (!this.lab.hasEnded) {
      await this.#resumed.promise;
      if (this.lab.hasEnded) return;
      this.#activeTabs += 1;
      await this.#act(random);
      this.#activeTabs -= 1;
      await this.#signInAfterUnexpectedLogout();
      await this.lab.wait(random.between(0, 2 * this.thinkMilliseconds));
    }
  }

  async #act(random: Random): Promise<BrowserOutcome | BrowserOutcome[]> {
    const { browser, lab } = this;
    const request = randomNetworkFault(lab, random);
    switch (random.pickWeighted({ session: 50, profile: 12, devices: 5, page: 16, soft: 12, prefetch: 2 })) {
      case "session":
        return browser.call("auth.session", request);
      case "profile":
        return browser.call("users.me", request);
      case "devices":
        return browser.call("sessions.list", request);
      case "page":
        return browser.open(random.pick(["/dashboard", "/dashboard/account", "/"]), request);
      case "soft":
        return browser.send({ ...request, path: "/dashboard/sessions?_rsc=1x2y3", isSoftNavigation: true });
      case "prefetch":
        return Promise.all(
          Array.from({ length: PREFETCHES }, () =>
            browser.send({
              ...randomNetworkFault(lab, random),
              path: "/dashboard/account?_rsc=1x2y3",
              isSoftNavigation: true,
            }),
          ),
        );
    }
  }

  /** The violation has been recorded; signing in again lets the run continue. */
  async #signInAfterUnexpectedLogout(): Promise<void> {
    if (this.browser.expectsSignedIn || this.hasActiveTheft || this.lab.hasEnded) return;
    await this.runExclusively(() => this.signIn("login"));
  }

  /** Retries, because injected faults stop servers. */
  async signIn(how: "register" | "login"): Promise<void> {
    this.browser.allowSignedOut();
    this.browser.abortRequests();
    for (let attempt = 0; attempt < 60 && !this.lab.hasEnded; attempt++) {
      const outcome = how === "register" ? await this.browser.register() : await this.browser.login();
      if (outcome.kind === "fine") return;
      // The account was created, but the response was lost.
      if (outcome.kind === "refused" && outcome.response.status === 409) how = "login";
      await pause(300 + 20 * attempt);
    }
  }
}
