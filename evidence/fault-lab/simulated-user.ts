import { inventAccount } from "./account";
import { Browser } from "./browser";
import { randomLoopbackAddress, USER_AGENTS, randomNetworkFault } from "./network";
import { deferred, pause } from "@/evidence/pause";
import type { BrowserOutcome } from "./browser-outcome";
import type { Random } from "@/evidence/random";
import type { Lab } from "./lab";

export const TABS = 3;
/** Between two requests of one tab, on average, as long as so many browsers share the machine. */
const THINK_MILLISECONDS = 2500;
const BROWSERS_AT_FULL_SPEED = 60;
const PREFETCHES = 6;

/** Somebody honest with one browser and three tabs. What interrupts their work happens one thing at a time. */
export class SimulatedUser {
  readonly browser: Browser;
  /** A thief plays along just now: a session that ends is what should happen. */
  hasActiveTheft = false;
  #isBusy = false;
  #awake = deferred();
  #underWay = 0;

  readonly #thinkingMilliseconds: number;

  /** A starved machine delays requests by more than the contract allows: a larger crowd takes its time. */
  constructor(
    readonly lab: Lab,
    readonly random: Random,
    crowd: number,
  ) {
    this.#thinkingMilliseconds = THINK_MILLISECONDS * Math.max(1, crowd / BROWSERS_AT_FULL_SPEED);
    const account = inventAccount(random.chance(0.75));
    this.browser = new Browser(lab, random.pick(USER_AGENTS), randomLoopbackAddress(random), account);
  }

  /** Opens the tabs; resolves when they are closed. */
  async useTabs(): Promise<void> {
    this.#awake.resolve();
    await Promise.all(Array.from({ length: TABS }, (_, tab) => this.#useTab(this.random.stream(`tab ${tab}`))));
  }

  /** Does something to which the tabs must not contribute. False, and nothing done, if something else is going on. */
  async runExclusively(work: () => Promise<void>, { hangsUp = false } = {}): Promise<boolean> {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    this.#awake = deferred();
    if (hangsUp) this.browser.abortRequests();
    while (this.#underWay > 0) await pause(10);
    try {
      await work();
    } finally {
      // All tabs at once.
      this.#awake.resolve();
      this.#isBusy = false;
    }
    return true;
  }

  async #useTab(random: Random): Promise<void> {
    await this.lab.wait(random.between(0, this.#thinkingMilliseconds));
    while (!this.lab.hasEnded) {
      await this.#awake.promise;
      if (this.lab.hasEnded) return;
      this.#underWay += 1;
      await this.#act(random);
      this.#underWay -= 1;
      await this.#recoverFromTheUnthinkable();
      await this.lab.wait(random.between(0, 2 * this.#thinkingMilliseconds));
    }
  }

  async #act(random: Random): Promise<BrowserOutcome | BrowserOutcome[]> {
    const { browser, lab } = this;
    const request = randomNetworkFault(lab, random);
    switch (random.pickWeighted({ session: 50, profile: 12, devices: 5, page: 16, soft: 12, storm: 2 })) {
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
      case "storm":
        // A page whose links prefetch.
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

  /** Logged out without a reason: the complaint is written; the person logs in again and the test goes on. */
  async #recoverFromTheUnthinkable(): Promise<void> {
    if (this.browser.expectsSignedIn || this.hasActiveTheft || this.lab.hasEnded) return;
    await this.runExclusively(() => this.signIn("login"));
  }

  /** Tries until it works: the lab is in the habit of taking servers away. */
  async signIn(how: "register" | "login"): Promise<void> {
    this.browser.allowSignedOut();
    this.browser.abortRequests();
    for (let attempt = 0; attempt < 60 && !this.lab.hasEnded; attempt++) {
      const outcome = how === "register" ? await this.browser.register() : await this.browser.login();
      if (outcome.kind === "fine") return;
      // The account was made, and the answer lost.
      if (outcome.kind === "refused" && outcome.response.status === 409) how = "login";
      await pause(300 + 20 * attempt);
    }
  }
}
