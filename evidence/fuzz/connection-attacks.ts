import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { forEachConcurrently, pause } from "@/evidence/pause";
import { Random } from "@/evidence/random";
import { AttackGenerator, executeAttack, type Attack } from "./attack-generator";
import { AGENT, PASSWORD, TestUser } from "./test-user";
import type { Target } from "./target";

export interface AttackOptions {
  seed: number;
  /** Of the full number of connections. */
  share: number;
}

const USERS = 12;
const MIXED_ATTACKS = 400;
/** The password admission queue has 70 places: a place lost for each attack would leave none. */
const QUEUED_CALLS = 120;
const QUEUED_CONNECTS = 80;
const IDLE_CONNECTIONS = 500;
const CONCURRENCY = 40;
/** For an app that has been left in peace, on a busy machine. */
const RECOVERY_SECONDS = 120;
const LOGINS_AFTERWARDS = 8;
const CALLS_MEASURED = 100;
const MAX_LEAKED_DESCRIPTORS = 40;

const PROCESS_SURVIVED = "Hostile connections did not end the process";

type Checks = Record<string, string | null>;

/** Attacks the connections of the app instead of its requests, then checks what must hold afterwards. */
export async function runConnectionAttacks(
  target: Target,
  passwordHash: string,
  { seed, share }: AttackOptions,
): Promise<Checks> {
  const users = await Promise.all(Array.from({ length: USERS }, () => TestUser.create(target.db, passwordHash)));
  const bystander = await TestUser.create(target.db, passwordHash);
  const plan = new AttackGenerator(new Random(seed).stream("connections"), new URL(target.origin).host, users);
  const p99Before = await measureP99(target, bystander);
  const descriptorsBefore = countDescriptors(target.app.pid);

  const times = (count: number, attack: () => Attack) => Array.from({ length: Math.ceil(count * share) }, attack);
  const attacks = [
    ...times(MIXED_ATTACKS, () => plan.mixed()),
    ...plan.cutAtEveryByte(Math.ceil(4 / share)),
    // Never fewer: it takes as many as the queue has places.
    ...Array.from({ length: QUEUED_CALLS }, () => plan.queuedCalls()),
    ...times(QUEUED_CONNECTS, () => plan.queuedConnect()),
  ];
  await forEachConcurrently(attacks, CONCURRENCY, (attack) => executeAttack(target.port, attack));
  // Nothing else can be said of a process that has ended.
  const ended = checkProcess(target);
  if (ended !== null) return { [PROCESS_SURVIVED]: ended };

  const login = await checkLogins(target, users);
  const p99 = await checkP99(target, bystander, p99Before);
  return {
    [PROCESS_SURVIVED]: checkProcess(target),
    "After hostile connections everybody could sign in": login,
    "After hostile connections calls were as fast as before": p99,
    "Many idle connections of one address did not lock out another": await checkIdleConnections(
      target,
      Math.ceil(IDLE_CONNECTIONS * share),
    ),
    "Hostile connections left no descriptor open": await checkDescriptors(target.app.pid, descriptorsBefore),
    "Every request that was carried out left its line in the log": await checkLog(target, users),
  };
}

function checkProcess({ app }: Target): string | null {
  if (isAlive(app.pid)) return null;
  const last = app.output().trimEnd().split("\n").slice(-3).join(" / ");
  return `process ${app.pid} has ended: ${last.slice(-400)}`;
}

function isAlive(pid: number): boolean {
  try {
    // A process that has ended is one until its exit is read.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    try {
      return process.platform !== "linux" && process.kill(pid, 0);
    } catch {
      return false;
    }
  }
}

/** They are written asynchronously, and some of these requests had only just been read. */
async function checkLog({ db, log }: Target, users: readonly TestUser[]): Promise<string | null> {
  const ids = users.map(({ userId }) => userId);
  const rows = await db.selectFrom("users").select("fullName").where("id", "in", ids).execute();
  for (const { fullName } of rows) {
    const id = AttackGenerator.idOfName(fullName);
    if (id === null) continue;
    const lines = await log.about(id, 2);
    if (!lines.some((line) => line.includes('"msg":"request"')))
      return `a users.update was carried out, and left no line: ${id}`;
  }
  const unfinished = log.unfinished(AttackGenerator.isOurs);
  return unfinished.length === 0
    ? null
    : `${unfinished.length} requests left other lines, but not their own: ${unfinished[0]}`;
}

async function checkIdleConnections({ port }: Target, count: number): Promise<string | null> {
  const sockets: Socket[] = Array.from({ length: count }, () => connect(port, "127.0.0.1").on("error", () => {}));
  try {
    await pause(500);
    const answered = await ask(port, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", "127.0.0.9");
    return answered.startsWith("HTTP/1.1 ") ? null : `with ${count} idle connections it did not answer`;
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

function ask(port: number, text: string, localAddress: string): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    // The whole of 127/8 is this machine on Linux; elsewhere the address cannot be chosen.
    const from = process.platform === "linux" ? { localAddress } : {};
    const socket = connect({ port, host: "127.0.0.1", ...from });
    socket.setTimeout(60_000, () => socket.destroy());
    socket.on("data", (chunk) => (received += chunk.toString("latin1"))).on("error", () => {});
    socket.on("close", () => resolve(received));
    socket.write(text);
  });
}

async function checkLogins({ port, origin }: Target, users: readonly TestUser[]): Promise<string | null> {
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  const logIn = async (user: TestUser): Promise<string | null> => {
    for (;;) {
      const answered = await fetch(`http://127.0.0.1:${port}/api/trpc/auth.login`, {
        method: "POST",
        headers: { "user-agent": AGENT, origin, "content-type": "application/json" },
        body: JSON.stringify({ email: user.email, password: PASSWORD }),
        signal: AbortSignal.timeout(13_000),
      }).catch((error: Error) => error);
      if (answered instanceof Response && answered.status === 200) return null;
      const violation =
        answered instanceof Response
          ? `${answered.status} ${await answered.text()}`
          : String(answered.cause ?? answered);
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

/** Of calls of somebody signed in, one after the other; infinite if one of them fails. */
async function measureP99({ port }: Target, user: TestUser): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < CALLS_MEASURED; call++) {
    const startedAt = performance.now();
    try {
      const answered = await fetch(`http://127.0.0.1:${port}/api/trpc/auth.session`, {
        headers: { "user-agent": AGENT, cookie: `__acc=${user.access}` },
        signal: AbortSignal.timeout(13_000),
      });
      await answered.text();
      if (answered.status !== 200) return Number.POSITIVE_INFINITY;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
    times.push(performance.now() - startedAt);
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

function countDescriptors(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null;
  }
}
