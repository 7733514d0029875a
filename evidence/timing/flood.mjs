import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { hash } from "@node-rs/argon2";
import { call, cookiesOf } from "./client.mjs";
import { ascending, median, quantile } from "./statistics.mjs";

const LOGINS = 256;
const ACCOUNTS = 64;
const BYSTANDERS = 10;
const ROUNDS = 5;
const IDLE_MILLISECONDS = 2000;
const FLOODS_A_ROUND = 3;
const PASSWORD = "correct horse battery staple";

const LOOP_P99_MILLISECONDS = 50;
/** What a flood that goes on may cost others (`npm run bench`). 256 at the same instant are a burst: those who come behind it wait for all to be read. */
const TIMES_IDLE = 4;
const JITTER_MILLISECONDS = 250;
const SECONDS_AT_MOST = 10;
/** 256 hashes at once would take 4900. */
const GROWTH_AT_MOST_MEGABYTES = 500;

/**
 * 256 logins at once, again and again: who gets a place is signed in, everybody else hears when to come back, and the others do
 * not feel it. Each round compares a flood with the quiet before it; the middle round counts, so that one in which this
 * machine did something else decides nothing.
 * @param {import("./test-app.mjs").TestApp} testApp  @param {import("./claims.mjs").Claims} claims  @param {(detail: string) => void} onProgress
 */
export async function measure(testApp, claims, onProgress) {
  const emails = await testApp.insertAccounts(ACCOUNTS + BYSTANDERS, { passwordHash: await hash(PASSWORD, TODAY) });
  const bystanders = new Bystanders(testApp.url, await signIn(testApp.url, emails.splice(ACCOUNTS)));
  const workerData = { url: testApp.url, logins: LOGINS, emails, password: PASSWORD };
  const worker = new Worker(new URL("./flood-worker.mjs", import.meta.url), { workerData });
  /** @type {() => Promise<import("./flood-worker.mjs").Outcome[]>} */
  const flood = () => new Promise((resolve) => worker.once("message", resolve) && worker.postMessage("flood"));

  // What is compiled, cached and connected at first must not count as the flood's doing.
  await Promise.all([flood(), bystanders.workFor(() => pause(1000))]);
  const [before, rounds] = [memoryMegabytes(testApp.pid), []];
  /** @type {import("./flood-worker.mjs").Outcome[]} */
  const outcomes = [];
  for (let round = 1; round <= ROUNDS; round++) {
    onProgress(`round ${round} of ${ROUNDS}`);
    const idle = await measureRound(testApp, bystanders, () => pause(IDLE_MILLISECONDS));
    const flooded = await measureRound(testApp, bystanders, async () => {
      for (let count = 0; count < FLOODS_A_ROUND; count++) outcomes.push(...(await flood()));
    });
    rounds.push({ idle, flooded, ratio: flooded.callP99 / idle.callP99 });
  }
  await worker.terminate();

  judge(claims, rounds, outcomes, memoryMegabytes(testApp.pid, "VmHWM") - before);
  return table(rounds);
}

const TODAY = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * @typedef {{ loopP99: number, ownLoopP99: number, callP99: number }} Measured
 * @typedef {{ idle: Measured, flooded: Measured, ratio: number }} Round
 */

/**
 * @param {import("./claims.mjs").Claims} claims  @param {Round[]} rounds
 * @param {import("./flood-worker.mjs").Outcome[]} outcomes  @param {number} growth
 */
function judge(claims, rounds, outcomes, growth) {
  const signedIn = outcomes.filter(({ status }) => status === 200);
  const turnedAway = outcomes.filter(({ status, retryAfter }) => status === 503 && Number(retryAfter) >= 1);
  const floods = ROUNDS * FLOODS_A_ROUND;
  claims.add(
    signedIn.length + turnedAway.length === outcomes.length && outcomes.length === floods * LOGINS,
    `${floods} floods of ${LOGINS} logins at once: ${signedIn.length} signed in, ${turnedAway.length} told by a 503 when to come back, none left without an answer`,
  );
  claims.add(
    signedIn.length / floods >= 2,
    `a flood signs people in while it lasts: ${Math.round(signedIn.length / floods)} of ${LOGINS}`,
  );
  const slowest = median(chunksOf(outcomes, LOGINS).map((flood) => Math.max(...flood.map((one) => one.milliseconds))));
  claims.add(slowest <= SECONDS_AT_MOST * 1000, `the slowest answer of a flood takes ${Math.round(slowest)} ms`);
  // A busy machine only ever adds, so the best round tells what is the flood's own doing.
  const loop = Math.min(...rounds.map(({ flooded }) => flooded.ownLoopP99));
  claims.add(
    loop < LOOP_P99_MILLISECONDS,
    `p99 of the event loop's own delay in a flood: ${loop.toFixed(1)} ms, less than ${LOOP_P99_MILLISECONDS}`,
  );
  const [idle, flooded] = [
    median(rounds.map((one) => one.idle.callP99)),
    median(rounds.map((one) => one.flooded.callP99)),
  ];
  claims.add(
    flooded <= Math.max(TIMES_IDLE * idle, JITTER_MILLISECONDS),
    `p99 of other calls in a flood: ${flooded.toFixed(0)} ms, ${median(rounds.map(({ ratio }) => ratio)).toFixed(1)} × idle; at most ${TIMES_IDLE} × or ${JITTER_MILLISECONDS} ms`,
  );
  claims.add(
    growth <= GROWTH_AT_MOST_MEGABYTES,
    `the app's memory at its highest: ${Math.round(growth)} MB more than before, at most ${GROWTH_AT_MOST_MEGABYTES}`,
  );
}

/** @param {Round[]} rounds */
function table(rounds) {
  const cell = (/** @type {number} */ value) => value.toFixed(1).padStart(9);
  const lines = rounds.map(({ idle, flooded, ratio }, at) =>
    [String(at + 1).padStart(7), ...[idle.loopP99, flooded.loopP99, flooded.ownLoopP99].map(cell)]
      .concat([idle.callP99, flooded.callP99, ratio].map(cell))
      .join(""),
  );
  const head = "  round  loop p99   flooded       own  call p99   flooded   × idle   (milliseconds)";
  return ["", head, ...lines, "", ""].join("\n");
}

/**
 * @param {import("./test-app.mjs").TestApp} testApp  @param {Bystanders} bystanders  @param {() => Promise<unknown>} meanwhile
 * @returns {Promise<Measured>}
 */
async function measureRound(testApp, bystanders, meanwhile) {
  await pause(500);
  await testApp.readDelays();
  const milliseconds = await bystanders.workFor(meanwhile);
  const { delays, ownDelays } = await testApp.readDelays();
  const p99 = (/** @type {number[]} */ values) => quantile(ascending(values), 0.99);
  return { loopP99: p99(delays), ownLoopP99: p99(ownDelays), callP99: p99(milliseconds) };
}

/** People who work on, each over one connection that stays open, as browsers do. */
class Bystanders {
  #agent = new Agent({ keepAlive: true });

  /** @param {string} url  @param {string[]} cookies */
  constructor(url, cookies) {
    this.url = url;
    this.cookies = cookies;
  }

  /** How long their calls took meanwhile, in milliseconds, ascending. @param {() => Promise<unknown>} meanwhile */
  async workFor(meanwhile) {
    /** @type {number[]} */
    const taken = [];
    let isOver = false;
    const working = this.cookies.map(async (cookie) => {
      while (!isOver) {
        const { status, milliseconds } = await call(this.url, "auth.session", { cookie, agent: this.#agent });
        if (status !== 200) throw new Error(`A protected call was answered ${status}.`);
        taken.push(milliseconds);
        await pause(20);
      }
    });
    await meanwhile();
    isOver = true;
    await Promise.all(working);
    return ascending(taken);
  }
}

/** @template T @param {readonly T[]} list  @param {number} size */
function chunksOf(list, size) {
  return Array.from({ length: list.length / size }, (_, at) => list.slice(at * size, (at + 1) * size));
}

/** @param {string} url  @param {string[]} emails */
async function signIn(url, emails) {
  const cookies = [];
  for (const email of emails) {
    cookies.push(cookiesOf(await call(url, "auth.login", { input: { email, password: PASSWORD, remember: true } })));
  }
  return cookies;
}

/** 0 where the system does not say. @param {number} pid  @param {"VmRSS" | "VmHWM"} [which] now, or at its highest ever */
function memoryMegabytes(pid, which = "VmRSS") {
  try {
    return Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return 0;
  }
}
