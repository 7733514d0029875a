import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { Browser } from "@/evidence/fault-lab/browser";
import { millisecondsOf, describeOutcome, type BrowserOutcome } from "@/evidence/fault-lab/browser-outcome";
import { newBrowser } from "@/evidence/fault-lab/crash-operations";
import type { Lab } from "@/evidence/fault-lab/lab";
import { randomLoopbackAddress } from "@/evidence/fault-lab/network";
import { quantile } from "@/evidence/fault-lab/results";
import { pause } from "@/evidence/pause";

const LOGINS = 256;
const ACCOUNTS = 64;
const BACKGROUND_USERS = 10;
const MAX_SECONDS = 10;
const IDLE_MILLISECONDS = 2000;
/** Allowed slowdown of a protected call during the flood, unless the machine's own jitter is larger. */
const MAX_SLOWDOWN = 4;
const JITTER_MILLISECONDS = 250;
const MAX_GROWTH_MEGABYTES = 300;

/** 256 concurrent logins each get a session or a 503 with Retry-After; other calls stay fast and memory stays bounded. */
export async function floodWithLogins(lab: Lab): Promise<void> {
  const { results, random } = lab;
  const accounts: Browser[] = [];
  for (let at = 0; at < ACCOUNTS; at += 16) {
    accounts.push(...(await Promise.all(Array.from({ length: 16 }, () => newBrowser(lab)))));
  }
  const others = await Promise.all(Array.from({ length: BACKGROUND_USERS }, () => newBrowser(lab)));
  const before = memoryMegabytes(lab);

  const idle = new BackgroundUsers(lab, others);
  await pause(IDLE_MILLISECONDS);
  const idleP99 = await idle.end();

  const during = new BackgroundUsers(lab, others);
  const logins = Array.from({ length: LOGINS }, (_, at) => {
    const { account, userAgent } = accounts[at % ACCOUNTS]!;
    return new Browser(lab, userAgent, randomLoopbackAddress(random), account).login({ timeoutMilliseconds: 30_000 });
  });
  for (const outcome of await Promise.all(logins)) checkLogin(lab, outcome);
  const p99 = await during.end();

  const allowed = Math.max(JITTER_MILLISECONDS, MAX_SLOWDOWN * idleP99);
  const latency = `p99 of other calls ${Math.round(p99)} ms, idle ${Math.round(idleP99)} ms`;
  results.check("isolation", p99 <= allowed, () => `a login flood: ${latency}`);
  const growth = memoryMegabytes(lab) - before;
  results.check("time limits", growth <= MAX_GROWTH_MEGABYTES, () => `a login flood used ${Math.round(growth)} MB`);
  const [accepted, rejected] = [results.countOf("flood: logged in"), results.countOf("flood: rejected")];
  results.addNote(
    "login flood",
    `${accepted} logged in, ${rejected} rejected, ${Math.round(growth)} MB more; ${latency}`,
  );
}

function memoryMegabytes({ stack }: Lab): number {
  return stack.instances.reduce((sum, { pid }) => sum + residentMegabytes(pid), 0);
}

/** Users that make protected calls during the flood over kept-alive connections. */
class BackgroundUsers {
  readonly #milliseconds: number[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #calls: Promise<unknown>;
  #hasEnded = false;

  constructor(lab: Lab, browsers: readonly Browser[]) {
    this.#calls = Promise.all(browsers.map((browser) => this.#work(lab, browser)));
  }

  /** The p99 of their calls, in milliseconds. */
  async end(): Promise<number> {
    this.#hasEnded = true;
    await this.#calls;
    this.#agent.destroy();
    return quantile(this.#milliseconds, 0.99) ?? Infinity;
  }

  async #work({ results }: Lab, browser: Browser): Promise<void> {
    while (!this.#hasEnded) {
      const outcome = await browser.call("auth.session", { timeoutMilliseconds: 15_000, agent: this.#agent });
      results.check("isolation", outcome.kind === "fine", () => `during a login flood: ${describeOutcome(outcome)}`);
      if (outcome.kind !== "lost") this.#milliseconds.push(outcome.response.milliseconds);
      await pause(20);
    }
  }
}

function checkLogin({ results }: Lab, outcome: BrowserOutcome): void {
  const milliseconds = millisecondsOf(outcome);
  results.check("time limits", milliseconds <= MAX_SECONDS * 1000, () => `a login took ${Math.round(milliseconds)} ms`);
  if (outcome.kind === "fine") return results.count("flood: logged in");
  results.count("flood: rejected");
  const hasRetryAfter =
    outcome.kind === "unavailable" && outcome.response.status === 503 && outcome.response.retryAfter !== null;
  results.check("time limits", hasRetryAfter, () => `one of 256 logins: ${describeOutcome(outcome)}`);
}

/** 0 on systems without /proc. */
function residentMegabytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
