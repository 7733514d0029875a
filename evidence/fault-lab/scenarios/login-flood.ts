import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { Browser } from "@/evidence/fault-lab/browser";
import { newBrowser } from "@/evidence/fault-lab/crash-operations";
import { randomLoopbackAddress } from "@/evidence/fault-lab/network";
import { pause } from "@/evidence/pause";
import { millisecondsOf, describeOutcome, type BrowserOutcome } from "@/evidence/fault-lab/browser-outcome";
import { quantile } from "@/evidence/fault-lab/results";
import type { Lab } from "@/evidence/fault-lab/lab";

const LOGINS = 256;
const ACCOUNTS = 64;
const BACKGROUND_USERS = 10;
const MAX_SECONDS = 10;
const IDLE_MILLISECONDS = 2000;
/** What PRODUCT allows a protected call during a flood, where the machine's own jitter is not larger. */
const MAX_SLOWDOWN = 4;
const JITTER_MILLISECONDS = 250;
const MAX_GROWTH_MEGABYTES = 300;

/** 256 logins at once: each gets a session, or a 503 that says when to come back; others go on, and memory is bounded. */
export async function floodWithLogins(lab: Lab): Promise<void> {
  const { results, random } = lab;
  const accounts: Browser[] = [];
  for (let at = 0; at < ACCOUNTS; at += 16) {
    accounts.push(...(await Promise.all(Array.from({ length: 16 }, () => newBrowser(lab)))));
  }
  const bystanders = await Promise.all(Array.from({ length: BACKGROUND_USERS }, () => newBrowser(lab)));
  const before = memoryMegabytes(lab);

  const idle = new BackgroundUsers(lab, bystanders);
  await pause(IDLE_MILLISECONDS);
  const idleP99 = await idle.end();

  const during = new BackgroundUsers(lab, bystanders);
  const logins = Array.from({ length: LOGINS }, (_, at) => {
    const { account, userAgent } = accounts[at % ACCOUNTS]!;
    return new Browser(lab, userAgent, randomLoopbackAddress(random), account).login({ timeoutMilliseconds: 30_000 });
  });
  for (const outcome of await Promise.all(logins)) checkLogin(lab, outcome);
  const p99 = await during.end();

  const allowed = Math.max(JITTER_MILLISECONDS, MAX_SLOWDOWN * idleP99);
  const says = `p99 of others' calls ${Math.round(p99)} ms, idle ${Math.round(idleP99)} ms`;
  results.check("others unharmed", p99 <= allowed, () => `a flood of logins: ${says}`);
  const growth = memoryMegabytes(lab) - before;
  results.check("in time", growth <= MAX_GROWTH_MEGABYTES, () => `a flood of logins took ${Math.round(growth)} MB`);
  const [entered, turnedAway] = [results.countOf("flood: logged in"), results.countOf("flood: turned away")];
  results.addNote(
    "flood of logins",
    `${entered} logged in, ${turnedAway} turned away, ${Math.round(growth)} MB more; ${says}`,
  );
}

function memoryMegabytes({ stack }: Lab): number {
  return stack.instances.reduce((sum, { pid }) => sum + residentMegabytes(pid), 0);
}

/** People who work on, each over one connection that stays open, as browsers do. */
class BackgroundUsers {
  readonly #milliseconds: number[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #working: Promise<unknown>;
  #hasEnded = false;

  constructor(lab: Lab, browsers: readonly Browser[]) {
    this.#working = Promise.all(browsers.map((browser) => this.#work(lab, browser)));
  }

  /** The p99 of their calls, in milliseconds. */
  async end(): Promise<number> {
    this.#hasEnded = true;
    await this.#working;
    this.#agent.destroy();
    return quantile(this.#milliseconds, 0.99) ?? Infinity;
  }

  async #work({ results }: Lab, browser: Browser): Promise<void> {
    while (!this.#hasEnded) {
      const outcome = await browser.call("auth.session", { timeoutMilliseconds: 15_000, agent: this.#agent });
      results.check(
        "others unharmed",
        outcome.kind === "fine",
        () => `beside a flood of logins: ${describeOutcome(outcome)}`,
      );
      if (outcome.kind !== "lost") this.#milliseconds.push(outcome.response.milliseconds);
      await pause(20);
    }
  }
}

function checkLogin({ results }: Lab, outcome: BrowserOutcome): void {
  const milliseconds = millisecondsOf(outcome);
  results.check("in time", milliseconds <= MAX_SECONDS * 1000, () => `a login took ${Math.round(milliseconds)} ms`);
  if (outcome.kind === "fine") return results.count("flood: logged in");
  results.count("flood: turned away");
  const isToldWhen =
    outcome.kind === "unavailable" && outcome.response.status === 503 && outcome.response.retryAfter !== null;
  results.check("in time", isToldWhen, () => `one of 256 logins: ${describeOutcome(outcome)}`);
}

/** 0 where the system does not say. */
function residentMegabytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
