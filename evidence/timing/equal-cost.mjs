import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { hash } from "@node-rs/argon2";
import { call } from "./client.mjs";
import { mannWhitney, median, shiftBetween } from "./statistics.mjs";

const SAMPLES_A_BATCH = 80;
/** A busy machine needs more samples. The planted difference alone decides when there are enough. */
const BATCHES_AT_MOST = 4;
/** A sample is the fastest of this many attempts, because other load only adds time. */
const TRIES_A_SAMPLE = 4;
const ROUNDS_A_BATCH = SAMPLES_A_BATCH * TRIES_A_SAMPLE;
const ROUNDS_AT_MOST = ROUNDS_A_BATCH * BATCHES_AT_MOST;
/** Below the ten failures after which logins of an account are refused. */
const TRIES_AN_EMAIL = 8;
/** Four comparisons at this level give a false positive in one of 250 runs. */
const SIGNIFICANT = 0.001;
const PLANTED_MILLISECONDS = 1.5;

const PASSWORD = "correct horse battery staple";
const TODAY = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const EARLIER = { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 };

/**
 * Response times must not reveal whether an email is unknown, has another password, belongs to a disabled account, or has a hash
 * with older parameters. The cases are measured in a new random order each round, so that other load affects all of them.
 * A planted difference must be detected.
 * @param {import("./test-app.mjs").TestApp} testApp  @param {import("./claims.mjs").Claims} claims  @param {(detail: string) => void} onProgress
 */
export async function measure(testApp, claims, onProgress) {
  const cases = await prepare(testApp);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const login = (/** @type {Case} */ one, /** @type {number} */ round) => {
    const input = { email: one.emails[round % one.emails.length], password: one.password, remember: true };
    return call(testApp.url, "auth.login", { input, agent, requestId: "one-and-the-same" });
  };

  // Warm-up: compiles code, opens connections, and hashes once with the older parameters.
  for (const one of cases) await login(one, 0);
  const responses = new Set();
  let rounds = 0;
  let compared;
  do {
    for (const end = rounds + ROUNDS_A_BATCH; rounds < end; rounds++) {
      if (rounds % 20 === 0) onProgress(`${rounds} rounds, ${ROUNDS_AT_MOST} at most`);
      for (const one of shuffled(cases)) {
        const { status, body, headers, milliseconds } = await login(one, rounds);
        one.tries.push(milliseconds + (one.planted ?? 0));
        responses.add(`${status} ${body} ${JSON.stringify(withoutVolatileHeaders(headers))}`);
      }
    }
    compared = compare(cases);
  } while (rounds < ROUNDS_AT_MOST && !compared.some(({ planted, p }) => planted && p < SIGNIFICANT));
  agent.destroy();

  claims.add(
    responses.size === 1,
    `${cases.length * rounds} responses of ${cases.length} cases are identical in body and headers`,
  );
  for (const { name, p, planted } of compared.slice(1)) {
    const isDetected = p < SIGNIFICANT;
    const summary = `${name}: p = ${p.toPrecision(2)}`;
    if (planted)
      claims.add(isDetected, `${summary}: ${isDetected ? "detected" : "not detected, the machine is too busy"}`);
    else claims.add(!isDetected, `${summary}: not distinguishable from an unknown email`);
  }
  return table(compared);
}

/**
 * @typedef {{ name: string, emails: string[], password: string, planted?: number, tries: number[] }} Case
 * @param {import("./test-app.mjs").TestApp} testApp
 * @returns {Promise<Case[]>} the first is the reference
 */
async function prepare(testApp) {
  const [today, earlier] = await Promise.all([hash(PASSWORD, TODAY), hash(PASSWORD, EARLIER)]);
  // Each email is used once more, for the warm-up.
  const count = Math.ceil(ROUNDS_AT_MOST / TRIES_AN_EMAIL) + 1;
  const unknownEmails = () => Array.from({ length: count }, () => `${randomUUID()}@timing.test`);
  const accounts = (/** @type {string} */ passwordHash, isDisabled = false) =>
    testApp.insertAccounts(count, { passwordHash, isDisabled });
  const wrong = { password: "a guess of the same sort", tries: [] };
  return [
    { ...wrong, name: "unknown email", emails: unknownEmails(), tries: [] },
    { ...wrong, name: "wrong password", emails: await accounts(today), tries: [] },
    {
      ...wrong,
      name: "disabled account, right password",
      emails: await accounts(today, true),
      password: PASSWORD,
      tries: [],
    },
    { ...wrong, name: "wrong password, older parameters", emails: await accounts(earlier), tries: [] },
    {
      ...wrong,
      name: "disabled, older parameters, right password",
      emails: await accounts(earlier, true),
      password: PASSWORD,
      tries: [],
    },
    {
      ...wrong,
      name: `unknown email, ${PLANTED_MILLISECONDS} ms planted`,
      emails: unknownEmails(),
      planted: PLANTED_MILLISECONDS,
      tries: [],
    },
  ];
}

/** @param {Case[]} cases */
function compare(cases) {
  const sampled = cases.map(({ name, planted, tries }) => ({ name, planted, samples: fastestOfEach(tries) }));
  const reference = sampled[0]?.samples ?? [];
  return sampled.map((one) => ({
    ...one,
    median: median(one.samples),
    p: mannWhitney(reference, one.samples),
    ...shiftBetween(reference, one.samples),
  }));
}

/** @param {readonly number[]} tries */
function fastestOfEach(tries) {
  return Array.from({ length: Math.floor(tries.length / TRIES_A_SAMPLE) }, (_, at) =>
    Math.min(...tries.slice(at * TRIES_A_SAMPLE, (at + 1) * TRIES_A_SAMPLE)),
  );
}

/** @param {ReturnType<typeof compare>} compared */
function table(compared) {
  const cell = (/** @type {number} */ value, digits = 2) => value.toFixed(digits).padStart(8);
  const lines = compared.map(({ name, samples, median: middle, shift, low, high, p }, at) => {
    const difference =
      at === 0 ? "" : `${cell(shift)}  ${cell(low)} to ${cell(high)}  ${p < SIGNIFICANT ? "distinguishable" : "equal"}`;
    return `  ${name.padEnd(46)}${String(samples.length).padStart(5)}${cell(middle)}  ${difference}`.trimEnd();
  });
  const head = `  ${"login with".padEnd(46)}${"n".padStart(5)}  median  differs by     99 % interval  verdict   (milliseconds)`;
  return ["", head, ...lines, "", ""].join("\n");
}

/** @template T @param {readonly T[]} list  @returns {T[]} */
function shuffled(list) {
  const drawn = [...list];
  for (let at = drawn.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [drawn[at], drawn[other]] = [/** @type {T} */ (drawn[other]), /** @type {T} */ (drawn[at])];
  }
  return drawn;
}

/** Removes headers that differ by design: the date and the rate limit state. @param {import("node:http").IncomingHttpHeaders} headers */
function withoutVolatileHeaders(headers) {
  const { date: _, "ratelimit-remaining": __, "ratelimit-reset": ___, ...rest } = headers;
  return rest;
}
