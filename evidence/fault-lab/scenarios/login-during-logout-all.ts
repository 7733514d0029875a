import { newBrowser } from "@/evidence/fault-lab/crash-operations";
import { pause } from "@/evidence/pause";
import { say } from "@/evidence/fault-lab/browser-outcome";
import type { World } from "@/evidence/fault-lab/lab";

const ATTEMPTS = 5;
/** Below the second after which the rate limiter stops waiting for the database. */
const LATENCY_MILLISECONDS = 800;
const SECONDS_AT_MOST = 20;

/** A login has read the account when another instance ends all of its sessions: it belongs to those and must open none. */
export async function overtakeLogin(world: World): Promise<void> {
  const { tally } = world;
  const owner = await newBrowser(world);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = await overtakeOnce(world, owner);
    if (outcome === "too late") continue;
    tally.expect(
      "ended stays ended",
      outcome === null,
      () => `a login begun before all sessions were ended: ${outcome}`,
    );
    tally.note("overtaken login", "opened no session");
    return;
  }
  tally.complain("ended stays ended", "no login could be overtaken by the end of all sessions");
}

/** What is wrong, or null; "too late" if the session was inserted before all were ended. */
async function overtakeOnce({ stack }: World, owner: Awaited<ReturnType<typeof newBrowser>>): Promise<string | null> {
  const { wire } = stack.instances[0];
  owner.expectTheEnd();
  const entered = await owner.login({ instance: 1 });
  if (entered.kind !== "fine") return "too late";
  owner.expectTheEnd();
  const device = owner.copiedBy(owner.userAgent, owner.address);
  device.jar.clear();
  device.expectTheEnd();

  const statements = wire.record();
  wire.latencyMilliseconds = LATENCY_MILLISECONDS;
  const login = device.login({ instance: 0, lifeMilliseconds: SECONDS_AT_MOST * 1000 });
  const deadline = Date.now() + SECONDS_AT_MOST * 1000;
  // The account has been read when the statement after it is sent.
  while (!hasReadAccount(statements) && Date.now() < deadline) await pause(5);
  const ending = await owner.mutate("auth.logoutAll", undefined, {
    instance: 1,
    lifeMilliseconds: SECONDS_AT_MOST * 1000,
  });
  const isInTime = ending.kind === "fine" && hasReadAccount(statements) && !statements.some(insertsSession);
  wire.latencyMilliseconds = 0;
  const reply = await login;
  wire.spring();
  if (!isInTime) return "too late";
  return reply.kind === "unavailable" ? null : `it was answered ${say(reply)}`;
}

function hasReadAccount(statements: readonly string[]): boolean {
  const read = statements.findIndex((statement) => /^\s*select\b[^]*\bfrom `users`/i.test(statement));
  return read !== -1 && read < statements.length - 1;
}

function insertsSession(statement: string): boolean {
  return /^\s*insert into `sessions`/i.test(statement);
}
