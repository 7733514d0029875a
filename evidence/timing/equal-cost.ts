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
/** Six comparisons at this level give a false positive in one of 160 runs. */
const SIGNIFICANT = 0.001;
const PLANTED_MILLISECONDS = 1.5;

const OLDER_PARAMETERS = { algorithm: 2, memoryCost: 8192, timeCost: 1, parallelism: 1 };
/** Headers that are equal in all requests, so that the responses must be equal. */
const EQUAL_HEADERS = [["X-Forwarded-For", "192.0.2.1"], ["X-Request-Id", "one-and-the-same"]] as const; // prettier-ignore

/** Calls of a procedure that must not be distinguishable, whatever the account. */
interface Group {
  procedure: string;
  /** Of the table. */
  title: string;
  cases: Case[];
}

interface Case {
  name: string;
  /** The address of each round, repeated. */
  emails: string[];
  /** The input besides the address. */
  input: Record<string, unknown>;
  /** Milliseconds added to each attempt. */
  planted?: number;
  tries: number[];
}

type NewCase = Omit<Case, "tries">;

/**
 * Response times must not reveal whether an email is unknown, has another password, belongs to a disabled account, or has a hash
 * with older parameters; nor, when a link to a new password is requested, whether it has an account. The cases are measured in a new
 * random order each round, so that other load affects all of them. A planted difference must be detected.
 */
export const measureEqualCost: TimingMeasurement = async (testBed, onProgress) => {
  const database = await testBed.smallDatabase(onProgress);
  const { port } = await testBed.app(onProgress);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const client = new AppClient({ port }, ORIGIN, undefined, { agent });
  const groups: Group[] = [
    { procedure: "auth.login", title: "login with", cases: await prepareLogins(database) },
    { procedure: "password.requestReset", title: "request of a reset for", cases: await prepareResets(database) },
  ];
  const measured = [];
  for (const group of groups) measured.push(await measureGroup(group, client, onProgress));
  agent.destroy();
  return { claims: measured.flatMap(({ claims }) => claims), table: measured.map(({ table }) => table).join("") };
};

async function measureGroup(
  { procedure, title, cases }: Group,
  client: AppClient,
  onProgress: (detail: string) => void,
) {
  const attempt = async ({ emails, input }: Case, round: number) => {
    const startedAt = performance.now();
    const response = await client.mutate(procedure, { email: emails[round % emails.length], ...input }, EQUAL_HEADERS);
    return { ...response, milliseconds: performance.now() - startedAt };
  };

  // Warm-up: compiles code, opens connections, and hashes once with the older parameters.
  for (const one of cases) await attempt(one, one.emails.length - 1);
  const responses = new Set<string>();
  const random = new Random(Date.now());
  let rounds = 0;
  let compared;
  do {
    for (const end = rounds + ROUNDS_A_BATCH; rounds < end; rounds++) {
      if (rounds % 20 === 0) onProgress(`${procedure}: ${rounds} rounds, ${ROUNDS_AT_MOST} at most`);
      for (const one of random.shuffled(cases)) {
        const { status, body, headers, milliseconds } = await attempt(one, rounds);
        one.tries.push(milliseconds + (one.planted ?? 0));
        responses.add(`${status} ${body} ${JSON.stringify(withoutVolatileHeaders(headers))}`);
      }
    }
    compared = compare(cases);
  } while (rounds < ROUNDS_AT_MOST && !compared.some(({ planted, p }) => planted && p < SIGNIFICANT));

  const sameResponse = {
    holds: responses.size === 1,
    text: `${procedure}: ${cases.length * rounds} responses of ${cases.length} cases are identical in body and headers`,
  };
  const comparisons = compared.slice(1).map(({ name, p, planted }) => {
    const isDetected = p < SIGNIFICANT;
    const summary = `${procedure}, ${name}: p = ${p.toPrecision(2)}`;
    return planted
      ? { holds: isDetected, text: `${summary}: ${isDetected ? "detected" : "not detected, the machine is too busy"}` }
      : { holds: !isDetected, text: `${summary}: not distinguishable from an unknown email` };
  });
  return { claims: [sameResponse, ...comparisons], table: table(title, compared) };
}

/** The first case is the reference. */
async function prepareLogins(database: SeededDatabase): Promise<Case[]> {
  const [today, earlier] = await Promise.all([hashPassword(PASSWORD), hash(PASSWORD, OLDER_PARAMETERS)]);
  // Each email is used once more, for the warm-up.
  const count = Math.ceil(ROUNDS_AT_MOST / TRIES_AN_EMAIL) + 1;
  const unknown = () => unknownEmails(count);
  const accounts = (hash: string, disabledAt: Date | null = null) => insertAccounts(database, count, hash, disabledAt);
  const now = new Date();
  const [wrong, right] = [{ password: "a guess of the same sort" }, { password: PASSWORD }];
  return withTries([
    { name: "unknown email", emails: unknown(), input: wrong },
    { name: "wrong password", emails: await accounts(today), input: wrong },
    { name: "disabled account, right password", emails: await accounts(today, now), input: right },
    { name: "wrong password, older parameters", emails: await accounts(earlier), input: wrong },
    { name: "disabled, older parameters, right password", emails: await accounts(earlier, now), input: right },
    planted({ emails: unknown(), input: wrong }),
  ]);
}

/** Each address once, also in the warm-up: a second mail within a minute is not sent, which takes fewer statements. */
async function prepareResets(database: SeededDatabase): Promise<Case[]> {
  const count = ROUNDS_AT_MOST + 1;
  const passwordHash = await hashPassword(PASSWORD);
  return withTries([
    { name: "unknown email", emails: unknownEmails(count), input: {} },
    { name: "account", emails: await insertAccounts(database, count, passwordHash, null), input: {} },
    { name: "disabled account", emails: await insertAccounts(database, count, passwordHash, new Date()), input: {} },
    planted({ emails: unknownEmails(count), input: {} }),
  ]);
}

const unknownEmails = (count: number) => Array.from({ length: count }, () => `${randomUUID()}@timing.test`);

async function insertAccounts(
  { db }: SeededDatabase,
  count: number,
  passwordHash: string,
  disabledAt: Date | null,
): Promise<string[]> {
  const [emails, now] = [unknownEmails(count), new Date()];
  const user = { fullName: FULL_NAME, passwordHash, disabledAt, createdAt: now, updatedAt: now };
  await db
    .insertInto("users")
    .values(emails.map((email) => ({ ...user, id: randomUUID(), email })))
    .execute();
  return emails;
}

function planted(reference: Omit<NewCase, "name">): NewCase {
  return { ...reference, name: `unknown email, ${PLANTED_MILLISECONDS} ms planted`, planted: PLANTED_MILLISECONDS };
}

const withTries = (cases: NewCase[]): Case[] => cases.map((one) => ({ ...one, tries: [] }));

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

function table(title: string, compared: ReturnType<typeof compare>): string {
  const cell = (value: number) => value.toFixed(2).padStart(8);
  const lines = compared.map(({ name, samples, median: middle, shift, low, high, p }, at) => {
    const difference =
      at === 0 ? "" : `${cell(shift)}  ${cell(low)} to ${cell(high)}  ${p < SIGNIFICANT ? "distinguishable" : "equal"}`;
    return `  ${name.padEnd(46)}${String(samples.length).padStart(5)}${cell(middle)}  ${difference}`.trimEnd();
  });
  const head = `  ${title.padEnd(46)}${"n".padStart(5)}  median  differs by     99 % interval  verdict   (milliseconds)`;
  return ["", head, ...lines, "", ""].join("\n");
}

/** Removes headers that differ by design: the date and the rate limit state. */
function withoutVolatileHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { date: _, "ratelimit-remaining": __, "ratelimit-reset": ___, ...rest } = headers;
  return rest;
}
