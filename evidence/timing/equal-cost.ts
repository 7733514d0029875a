import { randomUUID } from "node:crypto";
import { Agent, type IncomingHttpHeaders } from "node:http";
import { hash } from "@node-rs/argon2";
import { AppClient } from "@/evidence/app-client";
import { ORIGIN } from "@/evidence/bench/requests";
import { FULL_NAME, PASSWORD } from "@/evidence/bench/seed-data";
import { Random } from "@/evidence/random";
import { median } from "@/evidence/statistics";
import type { SeededDatabase } from "@/evidence/bench/test-bed";
import { hashPassword } from "@/server/auth/passwords/password";
import type { TimingMeasurement } from "./claim";
import { mannWhitney, shiftBetween } from "./statistics";

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

const OLDER_PARAMETERS = { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 };
/** Headers that are equal in all requests, so that the responses must be equal. */
const EQUAL_HEADERS = [["X-Forwarded-For", "192.0.2.1"], ["X-Request-Id", "one-and-the-same"]] as const; // prettier-ignore

/** A kind of login. */
interface Case {
  name: string;
  emails: string[];
  password: string;
  /** Milliseconds added to each attempt. */
  planted?: number;
  tries: number[];
}

/**
 * Response times must not reveal whether an email is unknown, has another password, belongs to a disabled account, or has a hash
 * with older parameters. The cases are measured in a new random order each round, so that other load affects all of them.
 * A planted difference must be detected.
 */
export const measureEqualCost: TimingMeasurement = async (testBed, onProgress) => {
  const database = await testBed.smallDatabase(onProgress);
  const { port } = await testBed.app(onProgress);
  const cases = await prepareCases(database);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const client = new AppClient({ port }, ORIGIN, undefined, { agent });
  const login = async ({ emails, password }: Case, round: number) => {
    const startedAt = performance.now();
    const input = { email: emails[round % emails.length], password, remember: true };
    const response = await client.mutate("auth.login", input, EQUAL_HEADERS);
    return { ...response, milliseconds: performance.now() - startedAt };
  };

  // Warm-up: compiles code, opens connections, and hashes once with the older parameters.
  for (const one of cases) await login(one, 0);
  const responses = new Set<string>();
  const random = new Random(Date.now());
  let rounds = 0;
  let compared;
  do {
    for (const end = rounds + ROUNDS_A_BATCH; rounds < end; rounds++) {
      if (rounds % 20 === 0) onProgress(`${rounds} rounds, ${ROUNDS_AT_MOST} at most`);
      for (const one of random.shuffled(cases)) {
        const { status, body, headers, milliseconds } = await login(one, rounds);
        one.tries.push(milliseconds + (one.planted ?? 0));
        responses.add(`${status} ${body} ${JSON.stringify(withoutVolatileHeaders(headers))}`);
      }
    }
    compared = compare(cases);
  } while (rounds < ROUNDS_AT_MOST && !compared.some(({ planted, p }) => planted && p < SIGNIFICANT));
  agent.destroy();

  const sameResponse = {
    holds: responses.size === 1,
    text: `${cases.length * rounds} responses of ${cases.length} cases are identical in body and headers`,
  };
  const comparisons = compared.slice(1).map(({ name, p, planted }) => {
    const isDetected = p < SIGNIFICANT;
    const summary = `${name}: p = ${p.toPrecision(2)}`;
    return planted
      ? { holds: isDetected, text: `${summary}: ${isDetected ? "detected" : "not detected, the machine is too busy"}` }
      : { holds: !isDetected, text: `${summary}: not distinguishable from an unknown email` };
  });
  return { claims: [sameResponse, ...comparisons], table: table(compared) };
};

/** The first case is the reference. */
async function prepareCases(database: SeededDatabase): Promise<Case[]> {
  const [today, earlier] = await Promise.all([hashPassword(PASSWORD), hash(PASSWORD, OLDER_PARAMETERS)]);
  // Each email is used once more, for the warm-up.
  const count = Math.ceil(ROUNDS_AT_MOST / TRIES_AN_EMAIL) + 1;
  const unknownEmails = () => Array.from({ length: count }, () => `${randomUUID()}@timing.test`);
  const accounts = async (passwordHash: string, disabledAt: Date | null = null) => {
    const [emails, now] = [unknownEmails(), new Date()];
    const user = { fullName: FULL_NAME, passwordHash, disabledAt, createdAt: now, updatedAt: now };
    await database.db
      .insertInto("users")
      .values(emails.map((email) => ({ ...user, id: randomUUID(), email })))
      .execute();
    return emails;
  };
  const [wrong, now] = ["a guess of the same sort", new Date()];
  const cases = [
    { name: "unknown email", emails: unknownEmails(), password: wrong },
    { name: "wrong password", emails: await accounts(today), password: wrong },
    { name: "disabled account, right password", emails: await accounts(today, now), password: PASSWORD },
    { name: "wrong password, older parameters", emails: await accounts(earlier), password: wrong },
    { name: "disabled, older parameters, right password", emails: await accounts(earlier, now), password: PASSWORD },
    {
      name: `unknown email, ${PLANTED_MILLISECONDS} ms planted`,
      emails: unknownEmails(),
      password: wrong,
      planted: PLANTED_MILLISECONDS,
    },
  ];
  return cases.map((one) => ({ ...one, tries: [] }));
}

function compare(cases: readonly Case[]) {
  const sampled = cases.map(({ name, planted, tries }) => ({ name, planted, samples: fastestOfEach(tries) }));
  const reference = sampled[0]?.samples ?? [];
  return sampled.map((one) => ({
    ...one,
    median: median(one.samples),
    p: mannWhitney(reference, one.samples),
    ...shiftBetween(reference, one.samples),
  }));
}

function fastestOfEach(tries: readonly number[]): number[] {
  return Array.from({ length: Math.floor(tries.length / TRIES_A_SAMPLE) }, (_, at) =>
    Math.min(...tries.slice(at * TRIES_A_SAMPLE, (at + 1) * TRIES_A_SAMPLE)),
  );
}

function table(compared: ReturnType<typeof compare>): string {
  const cell = (value: number) => value.toFixed(2).padStart(8);
  const lines = compared.map(({ name, samples, median: middle, shift, low, high, p }, at) => {
    const difference =
      at === 0 ? "" : `${cell(shift)}  ${cell(low)} to ${cell(high)}  ${p < SIGNIFICANT ? "distinguishable" : "equal"}`;
    return `  ${name.padEnd(46)}${String(samples.length).padStart(5)}${cell(middle)}  ${difference}`.trimEnd();
  });
  const head = `  ${"login with".padEnd(46)}${"n".padStart(5)}  median  differs by     99 % interval  verdict   (milliseconds)`;
  return ["", head, ...lines, "", ""].join("\n");
}

/** Removes headers that differ by design: the date and the rate limit state. */
function withoutVolatileHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { date: _, "ratelimit-remaining": __, "ratelimit-reset": ___, ...rest } = headers;
  return rest;
}
