import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { hash } from "@node-rs/argon2";
import { call, cookiesOf } from "./client.mjs";
import { ascending, median, quantile } from "./statistics.mjs";

const LOGINS = 256;
const ACCOUNTS = 64;
const OTHER_USERS = 10;
const ROUNDS = 5;
const IDLE_MILLISECONDS = 2000;
const FLOODS_A_ROUND = 3;
const PASSWORD = "correct horse battery staple";

const LOOP_P99_MILLISECONDS = 50;
/** The limit of a sustained flood (`npm run bench`). Behind a burst of 256 simultaneous requests, calls wait until all are read. */
const TIMES_IDLE = 4;
const JITTER_MILLISECONDS = 250;
const SECONDS_AT_MOST = 10;
/** 256 concurrent hashes would take 4900 MB. */
const GROWTH_AT_MOST_MEGABYTES = 500;

/**
 * Bursts of 256 simultaneous logins: admitted requests succeed, the others get 503 with Retry-After, and other calls stay fast.
 * Each round compares a burst with the idle phase before it. The median round counts, so that a round with other load does not
 * decide.
 * @param {import("./test-app.mjs").TestApp} testApp  @param {import("./claims.mjs").Claims} claims  @param {(detail: string) => void} onProgress
 */
export async function measure(testApp, claims, onProgress) {
  const emails = await testApp.insertAccounts(ACCOUNTS + OTHER_USERS, { passwordHash: await hash(PASSWORD, TODAY) });
  const otherUsers = new OtherUsers(testApp.url, await signIn(testApp.url, emails.splice(ACCOUNTS)));
  const workerData = { url: testApp.url, logins: LOGINS, emails, password: PASSWORD };
  const worker = new Worker(new URL("./flood-worker.mjs", import.meta.url), { workerData });
  /** @type {() => Promise<import("./flood-worker.mjs").Outcome[]>} */
  const flood = () => new Promise((resolve) => worker.once("message", resolve) && worker.postMessage("flood"));

  // Warm-up of code, caches and connections.
  await Promise.all([flood(), otherUsers.measureDuring(() => pause(1000))]);
  const [before, rounds] = [memoryMegabytes(testApp.pid), []];
  /** @type {import("./flood-worker.mjs").Outcome[]} */
  const outcomes = [];
  for (let round = 1; round <= ROUNDS; round++) {
    onProgress(`round ${round} of ${ROUNDS}`);
    const idle = await measureRound(testApp, otherUsers, () => pause(IDLE_MILLISECONDS));
    const flooded = await measureRound(testApp, otherUsers, async () => {
      for (let count = 0; count < FLOODS_A_ROUND; count++) outcomes.push(...(await flood()));
    });
    rounds.push({ idle, flooded, ratio: flooded.callP99 / idle.callP99 });
  }
  await worker.terminate();

  addClaims(claims, rounds, outcomes, memoryMegabytes(testApp.pid, "VmHWM") - before);
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
function addClaims(claims, rounds, outcomes, growth) {
  const signedIn = outcomes.filter(({ status }) => status === 200);
  const refused = outcomes.filter(({ status, retryAfter }) => status === 503 && Number(retryAfter) >= 1);
  const floods = ROUNDS * FLOODS_A_ROUND;
  claims.add(
    signedIn.length + refused.length === outcomes.length && outcomes.length === floods * LOGINS,
    `${floods} bursts of ${LOGINS} simultaneous logins: ${signedIn.length} succeeded, ${refused.length} got 503 with Retry-After, none got no response`,
  );
  claims.add(
    signedIn.length / floods >= 2,
    `logins succeed during a burst: ${Math.round(signedIn.length / floods)} of ${LOGINS}`,
  );
  const slowest = median(chunksOf(outcomes, LOGINS).map((flood) => Math.max(...flood.map((one) => one.milliseconds))));
  claims.add(slowest <= SECONDS_AT_MOST * 1000, `the slowest response of a burst takes ${Math.round(slowest)} ms`);
  // Other load only adds delay, so the best round shows the effect of the burst.
  const loop = Math.min(...rounds.map(({ flooded }) => flooded.ownLoopP99));
  claims.add(
    loop < LOOP_P99_MILLISECONDS,
    `p99 of the event loop delay without CPU wait in a burst: ${loop.toFixed(1)} ms, less than ${LOOP_P99_MILLISECONDS}`,
  );
  const [idle, flooded] = [
    median(rounds.map((one) => one.idle.callP99)),
    median(rounds.map((one) => one.flooded.callP99)),
  ];
  claims.add(
    flooded <= Math.max(TIMES_IDLE * idle, JITTER_MILLISECONDS),
    `p99 of other calls in a burst: ${flooded.toFixed(0)} ms, ${median(rounds.map(({ ratio }) => ratio)).toFixed(1)} × idle; at most ${TIMES_IDLE} × or ${JITTER_MILLISECONDS} ms`,
  );
  claims.add(
    growth <= GROWTH_AT_MOST_MEGABYTES,
    `peak memory of the app: ${Math.round(growth)} MB more than before, at most ${GROWTH_AT_MOST_MEGABYTES}`,
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
 * @param {import("./test-app.mjs").TestApp} testApp  @param {OtherUsers} otherUsers  @param {() => Promise<unknown>} meanwhile
 * @returns {Promise<Measured>}
 */
async function measureRound(testApp, otherUsers, meanwhile) {
  await pause(500);
  await testApp.readDelays();
  const milliseconds = await otherUsers.measureDuring(meanwhile);
  const { delays, ownDelays } = await testApp.readDelays();
  const p99 = (/** @type {number[]} */ values) => quantile(ascending(values), 0.99);
  return { loopP99: p99(delays), ownLoopP99: p99(ownDelays), callP99: p99(milliseconds) };
}

/** Signed-in users who send calls over keep-alive connections. */
class OtherUsers {
  #agent = new Agent({ keepAlive: true });

  /** @param {string} url  @param {string[]} cookies */
  constructor(url, cookies) {
    this.url = url;
    this.cookies = cookies;
  }

  /** Latencies of their calls during `meanwhile`, in milliseconds, ascending. @param {() => Promise<unknown>} meanwhile */
  async measureDuring(meanwhile) {
    /** @type {number[]} */
    const taken = [];
    let isOver = false;
    const working = this.cookies.map(async (cookie) => {
      while (!isOver) {
        const { status, milliseconds } = await call(this.url, "auth.session", { cookie, agent: this.#agent });
        if (status !== 200) throw new Error(`A protected call returned ${status}.`);
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

/** Resident memory; 0 if not available. @param {number} pid  @param {"VmRSS" | "VmHWM"} [which] current or peak */
function memoryMegabytes(pid, which = "VmRSS") {
  try {
    return Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return 0;
  }
}
