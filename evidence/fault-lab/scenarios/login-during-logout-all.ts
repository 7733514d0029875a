import { describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import { newBrowser } from "@/evidence/fault-lab/crash-operations";
import type { Lab } from "@/evidence/fault-lab/lab";
import { pause } from "@/evidence/pause";

const ATTEMPTS = 5;
/** Less than the second after which the rate limiter stops waiting for the database. */
const LATENCY_MILLISECONDS = 800;
const MAX_SECONDS = 20;

/** A login that read the account before another instance ended all of its sessions must not open a session. */
export async function logOutAllDuringLogin(lab: Lab): Promise<void> {
  const { results } = lab;
  const owner = await newBrowser(lab);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = await tryOnce(lab, owner);
    if (outcome === "too late") continue;
    results.check(
      "ended sessions",
      outcome === null,
      () => `a login that began before the logout everywhere: ${outcome}`,
    );
    results.addNote("logout during login", "opened no session");
    return;
  }
  results.reportViolation("ended sessions", "no login could be interrupted by a logout everywhere");
}

/** The violation, or null; "too late" if the session was inserted before the logout. */
async function tryOnce({ stack }: Lab, owner: Awaited<ReturnType<typeof newBrowser>>): Promise<string | null> {
  const { databaseProxy } = stack.instances[0];
  owner.allowSignedOut();
  const login = await owner.login({ instance: 1 });
  if (login.kind !== "fine") return "too late";
  owner.allowSignedOut();
  const device = owner.copyAs(owner.userAgent, owner.address);
  device.jar.clear();
  device.allowSignedOut();

  const statements = databaseProxy.record();
  databaseProxy.latencyMilliseconds = LATENCY_MILLISECONDS;
  const interrupted = device.login({ instance: 0, timeoutMilliseconds: MAX_SECONDS * 1000 });
  const deadline = Date.now() + MAX_SECONDS * 1000;
  // Once the next statement is sent, the account has been read.
  while (!hasReadAccount(statements) && Date.now() < deadline) await pause(5);
  const logout = await owner.mutate("auth.logoutAll", undefined, {
    instance: 1,
    timeoutMilliseconds: MAX_SECONDS * 1000,
  });
  const isInTime = logout.kind === "fine" && hasReadAccount(statements) && !statements.some(insertsSession);
  databaseProxy.latencyMilliseconds = 0;
  const outcome = await interrupted;
  databaseProxy.reset();
  if (!isInTime) return "too late";
  return outcome.kind === "unavailable" ? null : `it was answered ${describeOutcome(outcome)}`;
}

function hasReadAccount(statements: readonly string[]): boolean {
  const read = statements.findIndex((statement) => /^\s*select\b[^]*\b(from|join) `users`/i.test(statement));
  return read !== -1 && read < statements.length - 1;
}

function insertsSession(statement: string): boolean {
  return /^\s*insert into `sessions`/i.test(statement);
}
