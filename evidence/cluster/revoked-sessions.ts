import { CookieJar } from "@/evidence/cookie-jar";
import { Browser } from "@/evidence/fault-lab/browser";
import { newBrowser, retryUntilAnswered } from "@/evidence/fault-lab/crash-operations";
import { describeOutcome } from "@/evidence/fault-lab/browser-outcome";
import type { Lab } from "@/evidence/fault-lab/lab";
import { refreshUntilAnswered } from "@/evidence/fault-lab/thefts";
import { forEachConcurrently, pause } from "@/evidence/pause";
import { waitUntil } from "./wait-until";

const NEW_PASSWORD = "amber falcons cross 9 rivers";
/** PRODUCT allows 2 s after the first contact; the timeout covers a busy machine. */
const WRITTEN_AGAIN_SECONDS = 15;
/** PRODUCT allows 2 s on every other instance. */
const FEED_SECONDS = 5;
const HOW = ["logout", "sessions.revoke", "users.changePassword", "auth.logoutAll"] as const;

/** A session with two devices of its user; the first is revoked. */
export interface Device {
  browser: Browser;
  /** The second device. */
  owner: Browser;
  how: (typeof HOW)[number];
  /** The jar as it was just before the revocation. */
  copy: Browser | null;
}

export async function prepareDevices(lab: Lab, count: number): Promise<Device[]> {
  const devices: Device[] = [];
  await forEachConcurrently(Array.from({ length: count }).keys(), 4, async (index) => {
    const browser = await newBrowser(lab);
    const owner = new Browser(lab, browser.userAgent, browser.address, browser.account);
    await succeed("login", () => owner.login());
    devices.push({ browser, owner, how: HOW[index % HOW.length]!, copy: null });
  });
  return devices;
}

/** Half of the revocations are known to both instances afterwards; the others are the last commits. */
export async function revokeDevices(devices: readonly Device[]): Promise<void> {
  const half = Math.ceil(devices.length / 2);
  for (const [part, waitsForOther] of [
    [devices.slice(0, half), true],
    [devices.slice(half), false],
  ] as const)
    await forEachConcurrently(part.entries(), 4, ([at, device]) => revokeDevice(device, at % 2, waitsForOther));
}

/** Revokes the first device through one instance, and waits until the other one refuses its access token too. */
async function revokeDevice(device: Device, instance: number, waitsForOther: boolean): Promise<void> {
  const { browser, owner, how } = device;
  browser.allowSignedOut();
  owner.allowSignedOut();
  // Its tokens are fresh, so that what refuses them is the revocation.
  await succeed("refresh", () => dropAndOpen(browser, instance));
  device.copy = browser.copyAs(browser.userAgent, browser.address);
  const { sessionId, account } = browser;
  const revoke = () => {
    if (how === "logout") return browser.mutate("auth.logout", undefined, { instance });
    if (how === "sessions.revoke") return owner.mutate(how, { id: sessionId }, { instance });
    if (how === "auth.logoutAll") return owner.mutate(how, undefined, { instance });
    const input = { currentPassword: account.password, newPassword: NEW_PASSWORD };
    return owner.mutate(how, input, { instance });
  };
  // A response may be lost after the commit, and on a busy machine a hash may take longer than the time limit of a request.
  await waitUntil(
    `${how} has revoked ${sessionId}`,
    async () => (await revoke()).kind === "fine" || isRevoked(browser),
  );
  if (!waitsForOther) return;
  for (;;) {
    const outcome = await device.copy.call("auth.session", { instance: 1 - instance });
    if (outcome.kind === "signed out") return;
    await pause(50);
  }
}

/**
 * Checks that no revoked session lives again, in its row or because an instance accepts a token. Returns how many do, and the
 * seconds until all rows were revoked.
 */
export async function checkRevocations(
  lab: Lab,
  devices: readonly Device[],
): Promise<{ living: number; seconds: number }> {
  const since = performance.now();
  const ids = devices.map(({ browser }) => browser.sessionId!);
  const unrevoked = async () => {
    const query = lab.stack.db
      .selectFrom("sessions")
      .select("id")
      .where("id", "in", ids)
      .where("revokedAt", "is", null);
    return (await query.execute()).map(({ id }) => id);
  };
  let left = await unrevoked();
  while (left.length > 0 && performance.now() - since < WRITTEN_AGAIN_SECONDS * 1000) {
    await pause(100);
    left = await unrevoked();
  }
  const seconds = (performance.now() - since) / 1000;
  let living = 0;
  await forEachConcurrently(devices, 4, async ({ browser, how, copy }) => {
    const rowLives = left.includes(browser.sessionId!);
    const accepted: string[] = [];
    for (const instance of [0, 1]) {
      if (!(await refusesAccessToken(copy!, instance))) accepted.push(`instance ${instance} accepts the access token`);
      const end = await refreshWithCopy(copy!, instance);
      if (end !== "ended") accepted.push(`instance ${instance}: the refresh token is ${end}`);
    }
    const facts = [...(rowLives ? ["its row is not revoked"] : []), ...accepted].join(", ");
    if (facts !== "") living += 1;
    lab.results.check("ended sessions", facts === "", () => `revoked by ${how}, ${browser.sessionId}: ${facts}`);
  });
  return { living, seconds };
}

/** A browser stops waiting before half a grace window is over; for a copy there is no reason to, and a busy machine needs longer. */
async function refreshWithCopy(copy: Browser, instance: number): ReturnType<typeof refreshUntilAnswered> {
  const holder = copy.copyAs(copy.userAgent, copy.address);
  for (let attempt = 0; ; attempt++) {
    const end = await refreshUntilAnswered(holder, { instance, timeoutMilliseconds: 15_000 });
    if (end !== "unanswered" || attempt === 3) return end;
  }
}

/** An instance reads once a second what others have revoked. */
async function refusesAccessToken(copy: Browser, instance: number): Promise<boolean> {
  const deadline = performance.now() + FEED_SECONDS * 1000;
  // A copy without the refresh token: with it, the instance could also refuse it and refresh.
  const jar = new CookieJar();
  jar.store(`__acc=${copy.jar.accessToken}`);
  const holder = copy.copyAs(copy.userAgent, copy.address);
  holder.jar = jar;
  for (;;) {
    const { kind } = await retryUntilAnswered(() => holder.call("auth.session", { instance }));
    if (kind !== "fine") return true;
    if (performance.now() > deadline) return false;
    await pause(100);
  }
}

/** Checks that no old password of a user who has changed it works again. */
export async function checkOldPasswords(devices: readonly Device[]): Promise<{ changed: number; oldWorks: number }> {
  const changed = devices.filter(({ how }) => how === "users.changePassword");
  let oldWorks = 0;
  await forEachConcurrently(changed, 2, async ({ browser, owner }) => {
    const login = new Browser(browser.lab, owner.userAgent, owner.address, browser.account);
    const works = (await retryUntilAnswered(() => login.login())).kind === "fine";
    login.allowSignedOut();
    if (works) oldWorks += 1;
    login.lab.results.check("ended sessions", !works, () => `the old password of ${browser.account.email} works again`);
  });
  return { changed: changed.length, oldWorks };
}

async function isRevoked({ lab, sessionId }: Browser): Promise<boolean> {
  const query = lab.stack.db.selectFrom("sessions").select("revokedAt").where("id", "=", sessionId);
  return (await query.executeTakeFirst())?.revokedAt != null;
}

function dropAndOpen(browser: Browser, instance: number) {
  browser.jar.dropAccessToken();
  return browser.open("/dashboard", { instance });
}

/** On a busy machine requests can take longer than a browser waits for them. */
async function succeed(what: string, send: () => ReturnType<Browser["open"]>): Promise<void> {
  let outcome = await retryUntilAnswered(send);
  for (let attempt = 0; attempt < 5 && outcome.kind === "lost"; attempt++) outcome = await retryUntilAnswered(send);
  if (outcome.kind !== "fine") throw new Error(`${what} failed: ${describeOutcome(outcome)}`);
}
