import { newBrowser } from "@/evidence/fault-lab/crash-operations";
import { pause } from "@/evidence/pause";
import { describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import type { Lab } from "@/evidence/fault-lab/lab";

const ATTEMPTS = 5;
/** Below the second after which the rate limiter stops waiting for the database. */
const LATENCY_MILLISECONDS = 800;
const MAX_SECONDS = 20;

/** A login has read the account when another instance ends all of its sessions: it belongs to those and must open none. */
export async function logOutAllDuringLogin(lab: Lab): Promise<void> {
  const { results } = lab;
  const owner = await newBrowser(lab);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = await tryOnce(lab, owner);
    if (outcome === "too late") continue;
    results.check(
      "ended stays ended",
      outcome === null,
      () => `a login begun before all sessions were ended: ${outcome}`,
    );
    results.addNote("overtaken login", "opened no session");
    return;
  }
  results.reportViolation("ended stays ended", "no login could be overtaken by the end of all sessions");
}

/** What is wrong, or null; "too late" if the session was inserted before all were ended. */
async function tryOnce({ stack }: Lab, owner: Awaited<ReturnType<typeof newBrowser>>): Promise<string | null> {
  const { databaseProxy } = stack.instances[0];
  owner.allowSignedOut();
  const entered = await owner.login({ instance: 1 });
  if (entered.kind !== "fine") return "too late";
  owner.allowSignedOut();
  const device = owner.copyAs(owner.userAgent, owner.address);
  device.jar.clear();
  device.allowSignedOut();

  const statements = databaseProxy.record();
  databaseProxy.latencyMilliseconds = LATENCY_MILLISECONDS;
  const login = device.login({ instance: 0, timeoutMilliseconds: MAX_SECONDS * 1000 });
  const deadline = Date.now() + MAX_SECONDS * 1000;
  // The account has been read when the statement after it is sent.
  while (!hasReadAccount(statements) && Date.now() < deadline) await pause(5);
  const ending = await owner.mutate("auth.logoutAll", undefined, {
    instance: 1,
    timeoutMilliseconds: MAX_SECONDS * 1000,
  });
  const isInTime = ending.kind === "fine" && hasReadAccount(statements) && !statements.some(insertsSession);
  databaseProxy.latencyMilliseconds = 0;
  const outcome = await login;
  databaseProxy.reset();
  if (!isInTime) return "too late";
  return outcome.kind === "unavailable" ? null : `it was answered ${describeOutcome(outcome)}`;
}

function hasReadAccount(statements: readonly string[]): boolean {
  const read = statements.findIndex((statement) => /^\s*select\b[^]*\bfrom `users`/i.test(statement));
  return read !== -1 && read < statements.length - 1;
}

function insertsSession(statement: string): boolean {
  return /^\s*insert into `sessions`/i.test(statement);
}
