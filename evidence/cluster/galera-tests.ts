import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPORTS, runVitest } from "@/scripts/test-checks.mjs";
import { judgeTestRun, passedTests, type TestReport } from "./judge-test-run";
import type { Say } from "./setup";
import { openChangingNodes } from "./servers/changing-nodes";
import { DURABLE_COMMITS } from "./servers/node";
import { startGalera, stopKind } from "./start-servers";

type Project = "db" | "histories";

const MORE_STATEMENTS =
  "It counts statements; on Galera a login and a transaction on an account write the user's row besides (docs/decisions.md).";

const LOCAL_LOCK = "It needs a statement that waits for a lock of another connection, which holds on one node only.";

const FALSE_ALARM =
  "A connection to another node is taken for a fail-over, and no token is rotated for one window; the model expects a rotation.";

const OWN_NODE = "It counts the statements of other connections in the process list, which shows those on one node.";

const FOLLOWS = "It repeats that other tests of its file, which are excepted, have logged their event.";

const OTHER_SERVER =
  "It expects one sign of a loss; a connection to another node shows another one, that the server has changed.";

/** Tests that cannot pass on Galera, and why. All others must. */
const CANNOT_PASS: Record<Project, Record<string, string>> = {
  db: {
    "read database: one server without copies has nothing to fail over to": "A node of a cluster has copies.",
    "read database: several servers are examined each, also a read-only one, and the tables on the one that accepts writes":
      "It expects the finding that semi-synchronous replication is off; commits of a node reach the others without it.",
    "login: makes five statements, also when it replaces a session, and one more for the mail about a new device":
      MORE_STATEMENTS,
    "login by passkey: costs at most five statements": MORE_STATEMENTS,
    "second step by passkey: costs at most five statements": MORE_STATEMENTS,
    "second step of a login costs five statements with a code of an app, and one more for the mail about a used recovery code":
      MORE_STATEMENTS,
    "the number of statements of a refresh replayed": MORE_STATEMENTS,
  },
  histories: {},
};

/** Tests that cannot pass either if each connection leads to another node. */
const CANNOT_PASS_ON_CHANGING_NODES: Record<Project, Record<string, string>> = {
  db: {
    "security events: login security events: a login while all sessions of the account are ended logs login-superseded":
      LOCAL_LOCK,
    "login by passkey: opens no session if all sessions end after the account was read": LOCAL_LOCK,
    "a refresh that races the revocation of its session fails if it was decided before a revocation and written after it":
      LOCAL_LOCK,
    "a refresh that races the revocation of its session fails if it was decided before the disabling of the account and written after it":
      LOCAL_LOCK,
    "while the rate limit table is locked logins, registrations and password changes succeed, and guesses stay bounded":
      LOCAL_LOCK,
    "while the rate limit table is locked waiting statements leave the other connections of the pool free": LOCAL_LOCK,
    "while the rate limit table is locked one request waits for the timeout, the others do not, and each change of state is logged once":
      LOCAL_LOCK,
    "login: a client that holds the lock of one bucket does not block logins": LOCAL_LOCK,
    "concurrent second steps of logins: one code of an app on two instances at once opens one session": LOCAL_LOCK,
    "concurrent second steps of logins: one recovery code in fourteen logins on two instances at once opens one session":
      LOCAL_LOCK,
    "concurrent second steps of logins: one challenge with two right codes at once opens one session, and uses one of them":
      LOCAL_LOCK,
    "useTotpStep is true for one of several concurrent calls with one step on two pools": LOCAL_LOCK,
    "a loss of commits is noticed at the next contact by a clock that was set back by more than a second": OTHER_SERVER,
    "a loss of commits is noticed at the next contact by a connection that failed and is there again, and before any other request uses it":
      OTHER_SERVER,
    "revocations that the database has lost are written when the database accepts writes, if it only serves reads at first":
      LOCAL_LOCK,
    "a false alarm changes no session and says what was looked at": OTHER_SERVER,
    "purge: skips a locked mail without waiting": LOCAL_LOCK,
    "a write that waits for a locked row fails as unavailable within 4.5 seconds": LOCAL_LOCK,
    "a session that two clients hold is not ended without the mail: if the mail cannot be queued, the next request ends it":
      LOCAL_LOCK,
    "purge: does not wait for an account that another transaction has locked": LOCAL_LOCK,
    "purge: skips a locked row without waiting": LOCAL_LOCK,
    "registrations of one email that deadlock are repeated: one is inserted, the others find it taken": LOCAL_LOCK,
    "heartbeats of one name that deadlock are repeated": LOCAL_LOCK,
    "queries in progress when the server dies fail as unavailable, and the next one succeeds": OWN_NODE,
    "security events: an unavailable rate limit table logs rate-limit-degraded, and its return rate-limit-restored":
      LOCAL_LOCK,
    "security events: a loss of commits logs revocations-written-again": OTHER_SERVER,
    "security events: this file covers every event": FOLLOWS,
    "a fault ends no session a statement that outlasts the time limit of the refresh: 503 before it ends, and its update still takes effect":
      LOCAL_LOCK,
  },
  histories: {
    "session histories: the outcomes and rows of any sequence of operations equal those of the model": FALSE_ALARM,
    "session histories: a serial order explains concurrent refreshes at the limits of the grace window, on two instances":
      FALSE_ALARM,
    "session histories: a serial order explains concurrent logins and operations that end all sessions, on two instances":
      FALSE_ALARM,
    "session histories: a serial order explains concurrent links, and what they end or are ended by, on two instances":
      FALSE_ALARM,
    "session histories: a serial order explains concurrent operations of every kind, on two instances": FALSE_ALARM,
  },
};

/** A race that Galera loses sometimes would be lost again in one of them. */
const REPETITIONS = 5;

export interface GaleraTests {
  project: Project;
  /** Which nodes the connections lead to. */
  where: string;
  passed: number;
  excepted: number;
  /** Tests that failed, and passed each time when they were repeated. */
  repeated: readonly string[];
  problems: readonly string[];
  log: string;
}

/** The product's database tests and the session histories, on one node and with every connection on the next node. */
export async function runTestsOnGalera(say: Say): Promise<GaleraTests[]> {
  // The doctor's tests expect a server that loses no commit when the machine crashes.
  const galera = await startGalera(say, DURABLE_COMMITS);
  const changing = await openChangingNodes(galera.nodes);
  const results: GaleraTests[] = [];
  for (const [where, port, exceptions] of [
    ["one node", galera.nodes[0]!.port, [CANNOT_PASS]],
    ["every connection on the next node", changing.port, [CANNOT_PASS, CANNOT_PASS_ON_CHANGING_NODES]],
  ] as const) {
    for (const project of ["db", "histories"] as const) {
      const name = `galera-${project}-${port === changing.port ? "changing" : "one"}`;
      const run = { project, name, url: `mysql://root@127.0.0.1:${port}/portcullis` };
      const excepted = Object.assign({}, ...exceptions.map((list) => list[project])) as Record<string, string>;
      const progress = (detail: string) => say(`${project}, ${where}: ${detail}`);
      results.push({ project, where, ...(await runProject(run, excepted, progress)) });
    }
  }
  await changing.close();
  await stopKind("galera");
  return results;
}

interface Run {
  project: Project;
  name: string;
  url: string;
}

/**
 * Runs the tests, and those with an unexpected result five times more, one file at a time. Three servers on a busy machine exceed limits
 * of the product, such as the 2 s in which a connection must be free, the more since each file migrates a database and DDL stops all
 * nodes. A test that failed counts as passed then only if it passes each time; one that is excepted has to fail once.
 */
async function runProject({ project, name, url }: Run, exceptions: Readonly<Record<string, string>>, say: Say) {
  const env = { TEST_DATABASE_URL: url };
  const { tally, log } = await runVitest(project, { env, name }, say);
  const { failed, passed, problems } = judgeTestRun(readReport(name), tally, exceptions);
  /** Of the tests with an unexpected result, those that have passed each time. */
  let alwaysPassed = [...failed, ...passed];
  for (let repetition = 1; repetition <= REPETITIONS && alwaysPassed.length > 0; repetition++) {
    const files = new Set(alwaysPassed.map(({ file }) => file));
    const titles = alwaysPassed.map(({ title }) => escapeRegExp(title)).join("|");
    const args = ["--no-file-parallelism", ...files, "-t", `^(${titles})$`];
    const again = `${name}-${repetition}`;
    await runVitest(project, { args, env, name: again }, (detail) => say(`again: ${detail}`));
    const passedAgain = passedTests(readReport(again));
    alwaysPassed = alwaysPassed.filter(({ title }) => passedAgain.includes(title));
  }
  const outdated = passed.filter((one) => alwaysPassed.includes(one));
  return {
    passed: tally.passed - passed.length,
    excepted: Object.keys(exceptions).length - outdated.length,
    repeated: failed.filter((one) => alwaysPassed.includes(one)).map(({ title }) => title),
    problems: [
      ...failed.filter((one) => !alwaysPassed.includes(one)).map(({ title }) => `failed: ${title}`),
      ...outdated.map(({ title }) => `passes, remove its exception: ${title}`),
      ...problems,
    ],
    log,
  };
}

function readReport(name: string): TestReport {
  return JSON.parse(readFileSync(join(REPORTS, `${name}.json`), "utf8")) as TestReport;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
