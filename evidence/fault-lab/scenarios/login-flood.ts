import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { Browser } from "@/evidence/fault-lab/browser";
import { newBrowser } from "@/evidence/fault-lab/crash-operations";
import { anyAddress } from "@/evidence/fault-lab/network";
import { pause } from "@/evidence/pause";
import { millisecondsOf, say, type Reply } from "@/evidence/fault-lab/browser-outcome";
import { quantile } from "@/evidence/fault-lab/results";
import type { World } from "@/evidence/fault-lab/lab";

const LOGINS = 256;
const ACCOUNTS = 64;
const BYSTANDERS = 10;
const SECONDS_AT_MOST = 10;
const IDLE_MILLISECONDS = 2000;
/** What PRODUCT allows a protected call during a flood, where the machine's own jitter is not larger. */
const TIMES_IDLE = 4;
const JITTER_MILLISECONDS = 250;
const GROWTH_AT_MOST_MEGABYTES = 300;

/** 256 logins at once: each gets a session, or a 503 that says when to come back; others go on, and memory is bounded. */
export async function floodWithLogins(world: World): Promise<void> {
  const { tally, random } = world;
  const accounts: Browser[] = [];
  for (let at = 0; at < ACCOUNTS; at += 16) {
    accounts.push(...(await Promise.all(Array.from({ length: 16 }, () => newBrowser(world)))));
  }
  const bystanders = await Promise.all(Array.from({ length: BYSTANDERS }, () => newBrowser(world)));
  const before = memoryMegabytes(world);

  const idle = new Bystanders(world, bystanders);
  await pause(IDLE_MILLISECONDS);
  const idleP99 = await idle.end();

  const during = new Bystanders(world, bystanders);
  const logins = Array.from({ length: LOGINS }, (_, at) => {
    const { account, userAgent } = accounts[at % ACCOUNTS]!;
    return new Browser(world, userAgent, anyAddress(random), account).login({ lifeMilliseconds: 30_000 });
  });
  for (const reply of await Promise.all(logins)) judgeLogin(world, reply);
  const p99 = await during.end();

  const allowed = Math.max(JITTER_MILLISECONDS, TIMES_IDLE * idleP99);
  const says = `p99 of others' calls ${Math.round(p99)} ms, idle ${Math.round(idleP99)} ms`;
  tally.expect("others unharmed", p99 <= allowed, () => `a flood of logins: ${says}`);
  const growth = memoryMegabytes(world) - before;
  tally.expect("in time", growth <= GROWTH_AT_MOST_MEGABYTES, () => `a flood of logins took ${Math.round(growth)} MB`);
  const [entered, turnedAway] = [tally.of("flood: logged in"), tally.of("flood: turned away")];
  tally.note(
    "flood of logins",
    `${entered} logged in, ${turnedAway} turned away, ${Math.round(growth)} MB more; ${says}`,
  );
}

function memoryMegabytes({ stack }: World): number {
  return stack.instances.reduce((sum, { pid }) => sum + residentMegabytes(pid), 0);
}

/** People who work on, each over one connection that stays open, as browsers do. */
class Bystanders {
  readonly #milliseconds: number[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #working: Promise<unknown>;
  #isOver = false;

  constructor(world: World, browsers: readonly Browser[]) {
    this.#working = Promise.all(browsers.map((browser) => this.#work(world, browser)));
  }

  /** The p99 of their calls, in milliseconds. */
  async end(): Promise<number> {
    this.#isOver = true;
    await this.#working;
    this.#agent.destroy();
    return quantile(this.#milliseconds, 0.99) ?? Infinity;
  }

  async #work({ tally }: World, browser: Browser): Promise<void> {
    while (!this.#isOver) {
      const reply = await browser.call("auth.session", { lifeMilliseconds: 15_000, agent: this.#agent });
      tally.expect("others unharmed", reply.kind === "fine", () => `beside a flood of logins: ${say(reply)}`);
      if (reply.kind !== "lost") this.#milliseconds.push(reply.answer.milliseconds);
      await pause(20);
    }
  }
}

function judgeLogin({ tally }: World, reply: Reply): void {
  const milliseconds = millisecondsOf(reply);
  tally.expect("in time", milliseconds <= SECONDS_AT_MOST * 1000, () => `a login took ${Math.round(milliseconds)} ms`);
  if (reply.kind === "fine") return tally.add("flood: logged in");
  tally.add("flood: turned away");
  const isToldWhen = reply.kind === "unavailable" && reply.answer.status === 503 && reply.answer.retryAfter !== null;
  tally.expect("in time", isToldWhen, () => `one of 256 logins: ${say(reply)}`);
}

/** 0 where the system does not say. */
function residentMegabytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
