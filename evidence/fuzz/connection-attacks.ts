import { Agent } from "node:http";
import { connect, type Socket } from "node:net";
import { AttackGenerator, type Attack } from "@/evidence/connection-attacks/attack-generator";
import { executeAttack } from "@/evidence/connection-attacks/execute-attack";
import { countDescriptors, isAlive } from "@/evidence/connection-attacks/process-state";
import { findUnloggedRequests } from "@/evidence/connection-attacks/request-lines";
import { sendRequest } from "@/evidence/http-client";
import { forEachConcurrently, pause } from "@/evidence/pause";
import { Random } from "@/evidence/random";
import type { Target } from "./target";
import { AGENT, PASSWORD, TestUser } from "./test-user";
import { RESPONSE_TIMEOUT_SECONDS } from "./transport";

export interface AttackOptions {
  seed: number;
  /** Fraction of the full number of connections. */
  share: number;
}

const USERS = 12;
const MIXED_ATTACKS = 400;
/** More than the 70 places of the password admission queue: if each attack leaked one, none would be left. */
const QUEUED_CALLS = 120;
const QUEUED_CONNECTS = 80;
const IDLE_CONNECTIONS = 500;
const CONCURRENCY = 40;
/** How long the app may take to recover, on a busy machine. */
const RECOVERY_SECONDS = 120;
const LOGINS_AFTERWARDS = 8;
const CALLS_MEASURED = 100;
const MAX_LEAKED_DESCRIPTORS = 40;

const PROCESS_SURVIVED = "The process survived hostile connections";

type Checks = Record<string, string | null>;

/** Attacks the connections of the app, then checks that it has recovered. */
export async function runConnectionAttacks(
  target: Target,
  passwordHash: string,
  { seed, share }: AttackOptions,
): Promise<Checks> {
  const users = await Promise.all(Array.from({ length: USERS }, () => TestUser.create(target.db, passwordHash)));
  const measuredUser = await TestUser.create(target.db, passwordHash);
  const plan = new AttackGenerator(new Random(seed).stream("connections"), {
    host: new URL(target.origin).host,
    userAgent: AGENT,
    accounts: users.map(({ email, access, refresh }) => ({
      email,
      password: PASSWORD,
      cookie: `__acc=${access}; __ref=${refresh}`,
    })),
  });
  const p99Before = await measureP99(target, measuredUser);
  const descriptorsBefore = countDescriptors(target.app.pid);

  const times = (count: number, attack: () => Attack) => Array.from({ length: Math.ceil(count * share) }, attack);
  const attacks = [
    ...times(MIXED_ATTACKS, () => plan.mixed()),
    ...plan.truncated(Math.ceil(4 / share)),
    // Not scaled: there must be more than the queue has places.
    ...Array.from({ length: QUEUED_CALLS }, () => plan.queuedCalls()),
    ...times(QUEUED_CONNECTS, () => plan.queuedConnect()),
  ];
  const answeredIds: string[] = [];
  await forEachConcurrently(attacks, CONCURRENCY, async (attack) => {
    answeredIds.push(...(await executeAttack(target.port, attack)));
  });
  // Without a process nothing else can be checked.
  const ended = checkProcess(target);
  if (ended !== null) return { [PROCESS_SURVIVED]: ended };

  const login = await checkLogins(target, users);
  const p99 = await checkP99(target, measuredUser, p99Before);
  return {
    [PROCESS_SURVIVED]: checkProcess(target),
    "Logins worked after hostile connections": login,
    "Calls were as fast after hostile connections as before": p99,
    "Idle connections from one address did not block another address": await checkIdleConnections(
      target,
      Math.ceil(IDLE_CONNECTIONS * share),
    ),
    "Hostile connections leaked no file descriptor": await checkDescriptors(target.app.pid, descriptorsBefore),
    "Every processed request left its line in the log": await checkLog(target, users, answeredIds),
  };
}

function checkProcess({ app }: Target): string | null {
  if (isAlive(app.pid)) return null;
  const last = app.output().trimEnd().split("\n").slice(-3).join(" / ");
  return `process ${app.pid} has ended: ${last.slice(-400)}`;
}

async function checkLog(
  { db, log }: Target,
  users: readonly TestUser[],
  answeredIds: readonly string[],
): Promise<string | null> {
  const ids = users.map(({ userId }) => userId);
  const rows = await db.selectFrom("users").select("fullName").where("id", "in", ids).execute();
  const updateIds = rows.map(({ fullName }) => AttackGenerator.idOfName(fullName)).filter((id) => id !== null);
  const unlogged = await findUnloggedRequests([log], [...answeredIds, ...updateIds]);
  return unlogged.length === 0
    ? null
    : `${unlogged.length} requests were processed but left no request line: ${unlogged[0]}`;
}

async function checkIdleConnections({ port }: Target, count: number): Promise<string | null> {
  const sockets: Socket[] = Array.from({ length: count }, () => connect(port, "127.0.0.1").on("error", () => {}));
  try {
    await pause(500);
    const outcome = await sendRequest({
      port,
      method: "GET",
      path: "/",
      headers: {},
      localAddress: "127.0.0.9",
      timeoutMilliseconds: 60_000,
    });
    return outcome.kind === "answered" ? null : `with ${count} idle connections it did not respond: ${outcome.why}`;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function checkLogins({ port, origin }: Target, users: readonly TestUser[]): Promise<string | null> {
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  const logIn = async (user: TestUser): Promise<string | null> => {
    for (;;) {
      const outcome = await sendRequest({
        port,
        method: "POST",
        path: "/api/trpc/auth.login",
        headers: { "user-agent": AGENT, origin, "content-type": "application/json" },
        body: JSON.stringify({ email: user.email, password: PASSWORD }),
        timeoutMilliseconds: RESPONSE_TIMEOUT_SECONDS * 1000,
        signal: AbortSignal.timeout(RESPONSE_TIMEOUT_SECONDS * 1000),
      });
      if (outcome.kind === "answered" && outcome.status === 200) return null;
      const violation = outcome.kind === "answered" ? `${outcome.status} ${outcome.body}` : outcome.why;
      if (Date.now() > deadline) return `a login was answered ${violation.slice(0, 200)}`;
      await pause(500);
    }
  };
  const violations = await Promise.all(users.slice(0, LOGINS_AFTERWARDS).map(logIn));
  return violations.find((one) => one !== null) ?? null;
}

async function checkP99(target: Target, user: TestUser, before: number): Promise<string | null> {
  const most = Math.max(5 * before, 100);
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  for (;;) {
    const after = await measureP99(target, user);
    if (after <= most) return null;
    if (Date.now() > deadline) return `p99 was ${Math.round(before)} ms before, and is ${Math.round(after)} ms`;
    await pause(500);
  }
}

/** The p99 of sequential calls of a signed-in user; infinite if one of them fails. */
async function measureP99({ port }: Target, user: TestUser): Promise<number> {
  const times: number[] = [];
  const agent = new Agent({ keepAlive: true });
  try {
    for (let call = 0; call < CALLS_MEASURED; call++) {
      const startedAt = performance.now();
      const outcome = await sendRequest({
        port,
        method: "GET",
        path: "/api/trpc/auth.session",
        headers: { "user-agent": AGENT, cookie: `__acc=${user.access}` },
        timeoutMilliseconds: RESPONSE_TIMEOUT_SECONDS * 1000,
        signal: AbortSignal.timeout(RESPONSE_TIMEOUT_SECONDS * 1000),
        agent,
      });
      if (outcome.kind === "lost" || outcome.status !== 200) return Number.POSITIVE_INFINITY;
      times.push(performance.now() - startedAt);
    }
  } finally {
    agent.destroy();
  }
  return times.sort((one, other) => one - other)[Math.ceil(0.99 * times.length) - 1]!;
}

async function checkDescriptors(pid: number, before: number | null): Promise<string | null> {
  if (before === null || !isAlive(pid)) return null;
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  for (;;) {
    const now = countDescriptors(pid) ?? before;
    if (now <= before + MAX_LEAKED_DESCRIPTORS) return null;
    if (Date.now() > deadline) return `${before} descriptors were open before, and ${now} are`;
    await pause(500);
  }
}
