import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { forEachAtOnce, pause } from "@/evidence/pause";
import { Random } from "@/evidence/random";
import { AttackPlan, carryOut, type Attack } from "./attack-generator";
import { AGENT, PASSWORD, Person } from "./test-user";
import type { Target } from "./target";

export interface StormOptions {
  seed: number;
  /** Of the full number of connections. */
  share: number;
}

const PEOPLE = 12;
const MIXED = 400;
/** The password admission queue has 70 places: a place lost for each attack would leave none. */
const QUEUED_CALLS = 120;
const QUEUED_CONNECTS = 80;
const IDLE = 500;
const ATTACKS_AT_ONCE = 40;
/** For an app that has been left in peace, on a busy machine. */
const RECOVERY_SECONDS = 120;
const LOGINS_AFTERWARDS = 8;
const CALLS_MEASURED = 100;
const DESCRIPTORS_LEFT_AT_MOST = 40;

const SURVIVAL = "Hostile connections did not end the process";

type Complaints = Record<string, string | null>;

/** Attacks the connections of the app instead of its requests, then checks what must hold afterwards. */
export async function stormConnections(
  target: Target,
  passwordHash: string,
  { seed, share }: StormOptions,
): Promise<Complaints> {
  const people = await Promise.all(Array.from({ length: PEOPLE }, () => Person.plant(target.db, passwordHash)));
  const bystander = await Person.plant(target.db, passwordHash);
  const plan = new AttackPlan(new Random(seed).stream("connections"), new URL(target.origin).host, people);
  const p99Before = await p99Of(target, bystander);
  const descriptorsBefore = descriptorsOf(target.app.pid);

  const times = (count: number, attack: () => Attack) => Array.from({ length: Math.ceil(count * share) }, attack);
  const attacks = [
    ...times(MIXED, () => plan.mixed()),
    ...plan.cutAtEveryByte(Math.ceil(4 / share)),
    // Never fewer: it takes as many as the queue has places.
    ...Array.from({ length: QUEUED_CALLS }, () => plan.queuedCalls()),
    ...times(QUEUED_CONNECTS, () => plan.queuedConnect()),
  ];
  await forEachAtOnce(attacks, ATTACKS_AT_ONCE, (attack) => carryOut(target.port, attack));
  // Nothing else can be said of a process that has ended.
  const ended = complaintAboutProcess(target);
  if (ended !== null) return { [SURVIVAL]: ended };

  const login = await complaintAboutLogins(target, people);
  const p99 = await complaintAboutP99(target, bystander, p99Before);
  return {
    [SURVIVAL]: complaintAboutProcess(target),
    "After hostile connections everybody could sign in": login,
    "After hostile connections calls were as fast as before": p99,
    "Many idle connections of one address did not lock out another": await complaintDuringIdleConnections(
      target,
      Math.ceil(IDLE * share),
    ),
    "Hostile connections left no descriptor open": await complaintAboutDescriptors(target.app.pid, descriptorsBefore),
    "Every request that was carried out left its line in the log": await complaintAboutLog(target, people),
  };
}

function complaintAboutProcess({ app }: Target): string | null {
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
async function complaintAboutLog({ db, log }: Target, people: readonly Person[]): Promise<string | null> {
  const ids = people.map(({ userId }) => userId);
  const users = await db.selectFrom("users").select("fullName").where("id", "in", ids).execute();
  for (const { fullName } of users) {
    const id = AttackPlan.idOfName(fullName);
    if (id === null) continue;
    const lines = await log.about(id, 2);
    if (!lines.some((line) => line.includes('"msg":"request"')))
      return `a users.update was carried out, and left no line: ${id}`;
  }
  const unfinished = log.unfinished(AttackPlan.isOurs);
  return unfinished.length === 0
    ? null
    : `${unfinished.length} requests left other lines, but not their own: ${unfinished[0]}`;
}

async function complaintDuringIdleConnections({ port }: Target, count: number): Promise<string | null> {
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

async function complaintAboutLogins({ port, origin }: Target, people: readonly Person[]): Promise<string | null> {
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  const logIn = async (person: Person): Promise<string | null> => {
    for (;;) {
      const answered = await fetch(`http://127.0.0.1:${port}/api/trpc/auth.login`, {
        method: "POST",
        headers: { "user-agent": AGENT, origin, "content-type": "application/json" },
        body: JSON.stringify({ email: person.email, password: PASSWORD }),
        signal: AbortSignal.timeout(13_000),
      }).catch((error: Error) => error);
      if (answered instanceof Response && answered.status === 200) return null;
      const complaint =
        answered instanceof Response
          ? `${answered.status} ${await answered.text()}`
          : String(answered.cause ?? answered);
      if (Date.now() > deadline) return `a login was answered ${complaint.slice(0, 200)}`;
      await pause(500);
    }
  };
  const complaints = await Promise.all(people.slice(0, LOGINS_AFTERWARDS).map(logIn));
  return complaints.find((one) => one !== null) ?? null;
}

async function complaintAboutP99(target: Target, person: Person, before: number): Promise<string | null> {
  const most = Math.max(5 * before, 100);
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  for (;;) {
    const after = await p99Of(target, person);
    if (after <= most) return null;
    if (Date.now() > deadline) return `p99 was ${Math.round(before)} ms before, and is ${Math.round(after)} ms`;
    await pause(500);
  }
}

/** Of calls of somebody signed in, one after the other; infinite if one of them fails. */
async function p99Of({ port }: Target, person: Person): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < CALLS_MEASURED; call++) {
    const startedAt = performance.now();
    try {
      const answered = await fetch(`http://127.0.0.1:${port}/api/trpc/auth.session`, {
        headers: { "user-agent": AGENT, cookie: `__acc=${person.access}` },
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

async function complaintAboutDescriptors(pid: number, before: number | null): Promise<string | null> {
  if (before === null || !isAlive(pid)) return null;
  const deadline = Date.now() + RECOVERY_SECONDS * 1000;
  for (;;) {
    const now = descriptorsOf(pid) ?? before;
    if (now <= before + DESCRIPTORS_LEFT_AT_MOST) return null;
    if (Date.now() > deadline) return `${before} descriptors were open before, and ${now} are`;
    await pause(500);
  }
}

function descriptorsOf(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null;
  }
}
