import { isUnavailable } from "@/db/faults";
import type { Browser } from "./browser";
import { anyAddress, USER_AGENTS } from "./network";
import { pause, pauseUntil } from "@/evidence/pause";
import type { Person } from "./simulated-user";
import type { Random } from "@/evidence/random";
import type { World } from "./lab";

const PATIENCE_MILLISECONDS = 30_000;

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
export async function plantTheft(
  person: Person,
  random: Random,
  { thiefIsFirst, isSameBrowser }: Theft,
): Promise<boolean> {
  const { world, browser: victim } = person;
  let wasPlanted = false;
  await person.interrupt(async () => {
    if (victim.sessionId === null || !victim.believesSignedIn) return;
    await pauseUntil(victim.lastAnsweredAt + world.clearMilliseconds);
    if (world.isOver) return;
    wasPlanted = true;
    victim.expectTheEnd();

    const userAgent = isSameBrowser
      ? victim.userAgent
      : random.pick(USER_AGENTS.filter((one) => one !== victim.userAgent));
    const thief = victim.copiedBy(userAgent, random.chance(0.5) ? victim.address : anyAddress(random));
    const turns = thiefIsFirst ? [thief, victim, thief] : [victim, thief, victim];
    const kind = `${thiefIsFirst ? "thief first" : "victim first"}, ${isSameBrowser ? "same" : "another"} browser`;
    const robbed = victim.sessionId;

    world.tally.add("thefts planted");
    let end: "noticed" | "unnoticed" | "never came through" = "unnoticed";
    for (const [turn, holder] of turns.entries()) {
      if (turn > 0) await pause(world.clearMilliseconds);
      const reply = await refreshForSure(holder);
      if (reply === "never came through" || (reply === "ended" && holder.hasIdledOut)) end = "never came through";
      if (reply !== "refreshed") break;
    }
    if (end === "unnoticed" && (await reasonOfEnd(world, robbed)) === "replayed") end = "noticed";
    world.tally.add(`thefts ${end}`);
    if (end !== "never came through") {
      world.tally.expect("thefts noticed", end === "noticed", () => `${kind}: session ${robbed} lives on`);
      await expectBothDead(world, [victim, thief], kind);
    }
    if (!world.isOver) await person.enter("login");
  });
  return wasPlanted;
}

/**
 * A thief who does not care, while the victim works on: whoever stays within a window of each of the victim's refreshes, with
 * the same browser, need not be noticed. Reported, and held against nobody.
 */
export async function plantCarelessTheft(person: Person, random: Random): Promise<boolean> {
  const { world, browser: victim } = person;
  const robbed = victim.sessionId;
  if (robbed === null || !victim.believesSignedIn || person.isRobbed) return false;
  person.isRobbed = true;
  victim.expectTheEnd();
  const thief = victim.copiedBy(victim.userAgent, anyAddress(random));
  world.tally.add("careless thefts planted");
  for (let turn = 0; turn < 4 && !world.isOver; turn++) {
    if ((await refreshForSure(thief)) !== "refreshed") break;
    await pause(random.between(0.2, 1.5) * world.lives.graceSeconds * 1000);
  }
  if ((await reasonOfEnd(world, robbed)) === "replayed") world.tally.add("careless thefts noticed");
  if (!world.isOver) while (!(await person.interrupt(() => person.enter("login")))) await pause(200);
  person.isRobbed = false;
  return true;
}

/** Asks until it is clear what became of the token: the lab takes servers away in the middle of it. */
export async function refreshForSure(holder: Browser): Promise<"refreshed" | "ended" | "never came through"> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  while (Date.now() < deadline) {
    holder.jar.dropAccessToken();
    const reply = await holder.open("/dashboard");
    if (reply.kind === "fine") return "refreshed";
    if (reply.kind === "signed out") return "ended";
    await pause(300);
  }
  return "never came through";
}

/** Why the database says that it ended. Asked again while the lab keeps the database away. */
async function reasonOfEnd({ stack }: World, sessionId: string): Promise<string | null> {
  for (;;) {
    try {
      const asked = stack.db.selectFrom("sessions").select("revokedReason").where("id", "=", sessionId);
      return (await asked.executeTakeFirst())?.revokedReason ?? null;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await pause(200);
    }
  }
}

async function expectBothDead(world: World, holders: Browser[], kind: string): Promise<void> {
  for (const holder of holders) {
    // A clear-cookie answer may have emptied the jar: what counts is the token that it held.
    if (holder.jar.refreshToken === null) continue;
    const outcome = await refreshForSure(holder);
    world.tally.expect(
      "ended stays ended",
      outcome !== "refreshed",
      () => `after a theft (${kind}) a holder refreshed`,
    );
  }
}
