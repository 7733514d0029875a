import { isUnavailable } from "@/db/faults";
import { pause, pauseUntil } from "@/evidence/pause";
import type { Random } from "@/evidence/random";
import type { Browser } from "./browser";
import type { BrowserRequest } from "./browser-request";
import type { Lab } from "./lab";
import { randomLoopbackAddress, USER_AGENTS } from "./network";
import type { SimulatedUser } from "./simulated-user";

const RETRY_MILLISECONDS = 30_000;
/** A node may apply what another one has committed a moment later. */
const REPLICATION_MILLISECONDS = 5000;
/** An instance notices a fault of its database at the next read of the revocation feed, and then keeps the window open. */
const NOTICE_MILLISECONDS = 2000;
const MAX_TURNS = 12;

export interface Theft {
  /** Whether the thief refreshes before the victim does. */
  thiefIsFirst: boolean;
  isSameBrowser: boolean;
}

/**
 * Copies a cookie jar to a thief. Thief and victim refresh alternately, more than a grace window apart: the theft must be detected
 * at the latest when the one who refreshed first refreshes again. False if this user is not available.
 */
export async function simulateTheft(
  user: SimulatedUser,
  random: Random,
  { thiefIsFirst, isSameBrowser }: Theft,
): Promise<boolean> {
  const { lab, browser: victim } = user;
  let wasSimulated = false;
  await user.runExclusively(async () => {
    if (victim.sessionId === null || !victim.expectsSignedIn) return;
    await pauseUntil(victim.lastResponseAt + lab.beyondGraceMilliseconds);
    if (lab.hasEnded) return;
    wasSimulated = true;
    victim.allowSignedOut();

    const userAgent = isSameBrowser
      ? victim.userAgent
      : random.pick(USER_AGENTS.filter((one) => one !== victim.userAgent));
    const thief = victim.copyAs(userAgent, random.chance(0.5) ? victim.address : randomLoopbackAddress(random));
    const kind = `${thiefIsFirst ? "thief first" : "victim first"}, ${isSameBrowser ? "same" : "another"} browser`;
    await refreshAlternately(victim, thief, { thiefIsFirst, turns: 3, kind });
    if (!lab.hasEnded) await user.signIn("login");
  });
  return wasSimulated;
}

/**
 * Both holders of a token refresh alternately, more than a grace window apart. Checks that the theft is detected within `turns`
 * turns, counted from the last fault: while an instance presumes lost commits, an older token is within the window.
 */
export async function refreshAlternately(
  victim: Browser,
  thief: Browser,
  { thiefIsFirst, turns, kind }: { thiefIsFirst: boolean; turns: number; kind: string },
): Promise<void> {
  const { lab, sessionId } = victim;
  lab.results.count("thefts simulated");
  let end: "detected" | "undetected" | "inconclusive" = "undetected";
  for (let turn = 0, turnsWithoutFault = 0; turnsWithoutFault < turns && turn < MAX_TURNS; turn++) {
    const startedAt = performance.now();
    if (turn > 0) await pause(lab.beyondGraceMilliseconds);
    const holder = (turn % 2 === 0) === thiefIsFirst ? thief : victim;
    const outcome = await refreshUntilAnswered(holder);
    if (outcome === "unanswered" || (outcome === "ended" && holder.hasIdledOut)) end = "inconclusive";
    if (outcome !== "refreshed") break;
    turnsWithoutFault = lab.lastFaultAt < startedAt - NOTICE_MILLISECONDS ? turnsWithoutFault + 1 : 0;
  }
  if (end === "undetected" && (await readRevokedReason(lab, sessionId)) === "replayed") end = "detected";
  lab.results.count(`thefts ${end}`);
  if (end === "inconclusive") return;
  lab.results.check("thefts detected", end === "detected", () => `${kind}: session ${sessionId} was not ended`);
  await checkBothSignedOut(lab, [victim, thief], kind);
}

/**
 * A thief with the same browser while the victim keeps working. Refreshes within a grace window of the victim's need not be
 * detected, so the result is reported but not checked.
 */
export async function simulateTheftWithinGrace(user: SimulatedUser, random: Random): Promise<boolean> {
  const { lab, browser: victim } = user;
  const sessionId = victim.sessionId;
  if (sessionId === null || !victim.expectsSignedIn || user.hasActiveTheft) return false;
  user.hasActiveTheft = true;
  victim.allowSignedOut();
  const thief = victim.copyAs(victim.userAgent, randomLoopbackAddress(random));
  lab.results.count("thefts within grace simulated");
  for (let turn = 0; turn < 4 && !lab.hasEnded; turn++) {
    if ((await refreshUntilAnswered(thief)) !== "refreshed") break;
    await pause(random.between(0.2, 1.5) * lab.lifetimes.graceSeconds * 1000);
  }
  if ((await readRevokedReason(lab, sessionId)) === "replayed") lab.results.count("thefts within grace detected");
  if (!lab.hasEnded) while (!(await user.runExclusively(() => user.signIn("login")))) await pause(200);
  user.hasActiveTheft = false;
  return true;
}

/** Retries until the token is accepted or rejected, because injected faults stop servers. */
export async function refreshUntilAnswered(
  holder: Browser,
  request: Omit<BrowserRequest, "path"> = {},
): Promise<"refreshed" | "ended" | "unanswered"> {
  const deadline = Date.now() + RETRY_MILLISECONDS;
  while (Date.now() < deadline) {
    holder.jar.dropAccessToken();
    const outcome = await holder.open("/dashboard", request);
    if (outcome.kind === "fine") return "refreshed";
    if (outcome.kind === "signed out") return "ended";
    await pause(300);
  }
  return "unanswered";
}

/** Reads the revocation reason. Retries while the database is stopped, and while its node does not have it yet. */
async function readRevokedReason({ stack }: Lab, sessionId: string | null): Promise<string | null> {
  const deadline = Date.now() + REPLICATION_MILLISECONDS;
  for (;;) {
    try {
      const query = stack.db.selectFrom("sessions").select("revokedReason").where("id", "=", sessionId);
      const reason = (await query.executeTakeFirst())?.revokedReason ?? null;
      if (reason !== null || Date.now() > deadline) return reason;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
    await pause(200);
  }
}

async function checkBothSignedOut(lab: Lab, holders: Browser[], kind: string): Promise<void> {
  for (const holder of holders) {
    // A response may already have cleared the cookie.
    if (holder.jar.refreshToken === null) continue;
    const outcome = await refreshUntilAnswered(holder);
    lab.results.check("ended sessions", outcome !== "refreshed", () => `after a theft (${kind}) a holder refreshed`);
  }
}
