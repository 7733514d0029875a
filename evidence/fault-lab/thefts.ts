import { isUnavailable } from "@/db/faults";
import type { Browser } from "./browser";
import { randomLoopbackAddress, USER_AGENTS } from "./network";
import { pause, pauseUntil } from "@/evidence/pause";
import type { SimulatedUser } from "./simulated-user";
import type { Random } from "@/evidence/random";
import type { Lab } from "./lab";

const RETRY_MILLISECONDS = 30_000;

export interface Theft {
  /** Whether the thief refreshes before the victim does. */
  thiefIsFirst: boolean;
  isSameBrowser: boolean;
}

/**
 * A copied jar in other hands. The two holders come by turns, and every refresh of one lies more than a window from those of
 * the other: such a theft has to be noticed at the latest when the one who refreshed earlier refreshes again. False if this
 * person cannot be robbed just now.
 */
export async function simulateTheft(
  user: SimulatedUser,
  random: Random,
  { thiefIsFirst, isSameBrowser }: Theft,
): Promise<boolean> {
  const { lab, browser: victim } = user;
  let wasPlanted = false;
  await user.runExclusively(async () => {
    if (victim.sessionId === null || !victim.expectsSignedIn) return;
    await pauseUntil(victim.lastResponseAt + lab.beyondGraceMilliseconds);
    if (lab.hasEnded) return;
    wasPlanted = true;
    victim.allowSignedOut();

    const userAgent = isSameBrowser
      ? victim.userAgent
      : random.pick(USER_AGENTS.filter((one) => one !== victim.userAgent));
    const thief = victim.copyAs(userAgent, random.chance(0.5) ? victim.address : randomLoopbackAddress(random));
    const turns = thiefIsFirst ? [thief, victim, thief] : [victim, thief, victim];
    const kind = `${thiefIsFirst ? "thief first" : "victim first"}, ${isSameBrowser ? "same" : "another"} browser`;
    const robbed = victim.sessionId;

    lab.results.count("thefts planted");
    let end: "noticed" | "unnoticed" | "never came through" = "unnoticed";
    for (const [turn, holder] of turns.entries()) {
      if (turn > 0) await pause(lab.beyondGraceMilliseconds);
      const outcome = await refreshUntilAnswered(holder);
      if (outcome === "never came through" || (outcome === "ended" && holder.hasIdledOut)) end = "never came through";
      if (outcome !== "refreshed") break;
    }
    if (end === "unnoticed" && (await readRevokedReason(lab, robbed)) === "replayed") end = "noticed";
    lab.results.count(`thefts ${end}`);
    if (end !== "never came through") {
      lab.results.check("thefts noticed", end === "noticed", () => `${kind}: session ${robbed} lives on`);
      await checkBothSignedOut(lab, [victim, thief], kind);
    }
    if (!lab.hasEnded) await user.signIn("login");
  });
  return wasPlanted;
}

/**
 * A thief who does not care, while the victim works on: whoever stays within a window of each of the victim's refreshes, with
 * the same browser, need not be noticed. Reported, and held against nobody.
 */
export async function simulateTheftWithinGrace(user: SimulatedUser, random: Random): Promise<boolean> {
  const { lab, browser: victim } = user;
  const robbed = victim.sessionId;
  if (robbed === null || !victim.expectsSignedIn || user.hasActiveTheft) return false;
  user.hasActiveTheft = true;
  victim.allowSignedOut();
  const thief = victim.copyAs(victim.userAgent, randomLoopbackAddress(random));
  lab.results.count("careless thefts planted");
  for (let turn = 0; turn < 4 && !lab.hasEnded; turn++) {
    if ((await refreshUntilAnswered(thief)) !== "refreshed") break;
    await pause(random.between(0.2, 1.5) * lab.lifetimes.graceSeconds * 1000);
  }
  if ((await readRevokedReason(lab, robbed)) === "replayed") lab.results.count("careless thefts noticed");
  if (!lab.hasEnded) while (!(await user.runExclusively(() => user.signIn("login")))) await pause(200);
  user.hasActiveTheft = false;
  return true;
}

/** Asks until it is clear what became of the token: the lab takes servers away in the middle of it. */
export async function refreshUntilAnswered(holder: Browser): Promise<"refreshed" | "ended" | "never came through"> {
  const deadline = Date.now() + RETRY_MILLISECONDS;
  while (Date.now() < deadline) {
    holder.jar.dropAccessToken();
    const outcome = await holder.open("/dashboard");
    if (outcome.kind === "fine") return "refreshed";
    if (outcome.kind === "signed out") return "ended";
    await pause(300);
  }
  return "never came through";
}

/** Why the database says that it ended. Asked again while the lab keeps the database away. */
async function readRevokedReason({ stack }: Lab, sessionId: string): Promise<string | null> {
  for (;;) {
    try {
      const query = stack.db.selectFrom("sessions").select("revokedReason").where("id", "=", sessionId);
      return (await query.executeTakeFirst())?.revokedReason ?? null;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await pause(200);
    }
  }
}

async function checkBothSignedOut(lab: Lab, holders: Browser[], kind: string): Promise<void> {
  for (const holder of holders) {
    // A clear-cookie answer may have emptied the jar: what counts is the token that it held.
    if (holder.jar.refreshToken === null) continue;
    const outcome = await refreshUntilAnswered(holder);
    lab.results.check("ended stays ended", outcome !== "refreshed", () => `after a theft (${kind}) a holder refreshed`);
  }
}
