import { inventAccount } from "./account";
import { Browser } from "./browser";
import { anyAddress, USER_AGENTS, weather } from "./network";
import { deferred, pause } from "@/evidence/pause";
import type { Reply } from "./browser-outcome";
import type { Random } from "@/evidence/random";
import type { World } from "./lab";

export const TABS = 3;
/** Between two requests of one tab, on average, as long as so many browsers share the machine. */
const THINKING_MILLISECONDS = 2500;
const BROWSERS_IN_A_HURRY = 60;
const STORM = 6;

/** Somebody honest with one browser and three tabs. What interrupts their work happens one thing at a time. */
export class Person {
  readonly browser: Browser;
  /** A thief plays along just now: a session that ends is what should happen. */
  isRobbed = false;
  #isBusy = false;
  #awake = deferred();
  #underWay = 0;

  readonly #thinkingMilliseconds: number;

  /** A starved machine delays requests by more than the contract allows: a larger crowd takes its time. */
  constructor(
    readonly world: World,
    readonly random: Random,
    crowd: number,
  ) {
    this.#thinkingMilliseconds = THINKING_MILLISECONDS * Math.max(1, crowd / BROWSERS_IN_A_HURRY);
    const account = inventAccount(random.chance(0.75));
    this.browser = new Browser(world, random.pick(USER_AGENTS), anyAddress(random), account);
  }

  /** Opens the tabs; resolves when they are closed. */
  async live(): Promise<void> {
    this.#awake.resolve();
    await Promise.all(Array.from({ length: TABS }, (_, tab) => this.#useTab(this.random.stream(`tab ${tab}`))));
  }

  /** Does something to which the tabs must not contribute. False, and nothing done, if something else is going on. */
  async interrupt(work: () => Promise<void>, { hangsUp = false } = {}): Promise<boolean> {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    this.#awake = deferred();
    if (hangsUp) this.browser.hangUp();
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
    await this.world.wait(random.between(0, this.#thinkingMilliseconds));
    while (!this.world.isOver) {
      await this.#awake.promise;
      if (this.world.isOver) return;
      this.#underWay += 1;
      await this.#act(random);
      this.#underWay -= 1;
      await this.#recoverFromTheUnthinkable();
      await this.world.wait(random.between(0, 2 * this.#thinkingMilliseconds));
    }
  }

  async #act(random: Random): Promise<Reply | Reply[]> {
    const { browser, world } = this;
    const asked = weather(world, random);
    switch (random.weigh({ session: 50, profile: 12, devices: 5, page: 16, soft: 12, storm: 2 })) {
      case "session":
        return browser.call("auth.session", asked);
      case "profile":
        return browser.call("users.me", asked);
      case "devices":
        return browser.call("sessions.list", asked);
      case "page":
        return browser.open(random.pick(["/dashboard", "/dashboard/account", "/"]), asked);
      case "soft":
        return browser.ask({ ...asked, path: "/dashboard/sessions?_rsc=1x2y3", isSoft: true });
      case "storm":
        // A page whose links prefetch.
        return Promise.all(
          Array.from({ length: STORM }, () =>
            browser.ask({ ...weather(world, random), path: "/dashboard/account?_rsc=1x2y3", isSoft: true }),
          ),
        );
    }
  }

  /** Logged out without a reason: the complaint is written; the person logs in again and the test goes on. */
  async #recoverFromTheUnthinkable(): Promise<void> {
    if (this.browser.believesSignedIn || this.isRobbed || this.world.isOver) return;
    await this.interrupt(() => this.enter("login"));
  }

  /** Tries until it works: the lab is in the habit of taking servers away. */
  async enter(how: "register" | "login"): Promise<void> {
    this.browser.expectTheEnd();
    this.browser.hangUp();
    for (let attempt = 0; attempt < 60 && !this.world.isOver; attempt++) {
      const reply = how === "register" ? await this.browser.register() : await this.browser.login();
      if (reply.kind === "fine") return;
      // The account was made, and the answer lost.
      if (reply.kind === "refused" && reply.answer.status === 409) how = "login";
      await pause(300 + 20 * attempt);
    }
  }
}
