import { checkFinalState } from "@/evidence/fault-lab/final-checks";
import type { Lab } from "@/evidence/fault-lab/lab";
import { checkLogs } from "@/evidence/fault-lab/log-checks";
import { signInUsers, type SimulatedUser } from "@/evidence/fault-lab/simulated-user";
import { pause } from "@/evidence/pause";
import type { Server } from "@/scripts/mysql/private-server.mjs";
import { plantThefts, useStolenJar } from "./planted-thefts";
import { checkOldPasswords, checkRevocations, prepareDevices, revokeDevices, type Device } from "./revoked-sessions";
import { rowOf, type Measured, type Row } from "./row";
import { ServiceProbe } from "./service-probe";
import type { Say, Setup, SetupDescription } from "./setup";
import { compareWithRows, type TokensAhead } from "./tokens-ahead";
import { waitUntil } from "./wait-until";

export interface Load {
  browsers: number;
  thefts: number;
  revocations: number;
  /** How often every browser rotates first. */
  rotationsBefore: number;
  /** How often every browser rotates between the beginning of the lag and the event. */
  rotationsAtRisk: number;
  /** Whether set-ups take their steps after all checks. */
  isLong: boolean;
}

/** A browser forgets its access token this often: sessions refresh at once where a real one would do so in minutes. */
const FORGETS_EVERY_MILLISECONDS = 2500;
/** Of a tab, on average. The database servers need their share of a small machine. */
const THINK_MILLISECONDS = 5000;

/** Browsers, thieves and revocations before, during and after the event of a set-up. */
export async function runEpisode(
  lab: Lab,
  setup: Setup,
  { title, losesCommits }: SetupDescription,
  load: Load,
  say: Say,
): Promise<Row> {
  const { stack, results } = lab;
  const probes = [await ServiceProbe.start(lab, 0), await ServiceProbe.start(lab, 1)];
  const users = await signInUsers(lab, load.browsers, say, THINK_MILLISECONDS);
  const devices = await prepareDevices(lab, load.revocations);
  const work = Promise.all([
    ...users.flatMap((user) => [user.useTabs(), forgetAccessTokens(user)]),
    ...probes.map((one) => one.run()),
  ]);
  let measured: Measured;
  try {
    measured = await survive({ lab, setup, load, say, probes, users, devices });
  } finally {
    lab.end();
    await work;
  }
  await Promise.all(stack.instances.map((instance) => instance.ready()));
  await checkFinalState(lab, users, say);
  if (load.isLong) await setup.afterwards?.(lab, say);
  const logs = stack.instances.flatMap((instance) => instance.logs);
  await checkLogs(logs, results, losesCommits);
  const { lost, ahead } = measured;
  results.check("no errors", lost > 0 === losesCommits, () => `${lost} commits were lost, unlike this set-up means to`);
  const isVacuous = losesCommits && ahead.tokens === 0;
  results.check("no errors", !isVacuous, () => "no browser held a token that the database had lost");
  return rowOf(title, results, load, measured);
}

interface Participants {
  lab: Lab;
  setup: Setup;
  load: Load;
  say: Say;
  probes: readonly ServiceProbe[];
  users: readonly SimulatedUser[];
  devices: readonly Device[];
}

async function survive({ lab, setup, load, say, probes, users, devices }: Participants): Promise<Measured> {
  const { stack } = lab;
  const browsersRotate = (times: number) => waitForRotations(users, times);
  say("browsers at work");
  await browsersRotate(load.rotationsBefore);

  const random = lab.random.stream("planted thefts");
  const half = Math.ceil(load.thefts / 2);
  const planted = plantThefts(users.slice(0, half), random, "before the lag");
  await setup.beginLag?.();
  say("commits that may be lost");
  await browsersRotate(load.rotationsAtRisk);
  planted.push(...plantThefts(users.slice(half, load.thefts), random, "during the lag"));
  say("revocations");
  await revokeDevices(devices);

  for (const probe of probes) probe.beginMeasurement();
  let ahead: TokensAhead = { tokens: 0, mostGenerations: 0 };
  const countTokensAhead = async (server: Server) => {
    ahead = await compareWithRows(
      server,
      stack.name,
      users.map(({ browser }) => browser),
    );
  };
  say("the event");
  const lost = await lab.duringFault(() => setup.happen({ lab, stack, say, browsersRotate, countTokensAhead }));
  say("waiting for service");
  await Promise.all(probes.map((probe) => probe.waitUntilServed()));
  const secondsWithout = probes.map(({ secondsWithoutService }) => secondsWithoutService);

  say("revoked sessions are presented");
  const revocations = await checkRevocations(lab, devices);
  const passwords = await checkOldPasswords(devices);
  say("browsers continue");
  await browsersRotate(1);
  say("stolen tokens are used");
  await Promise.all(planted.map(useStolenJar));
  return { lost, ahead, secondsWithout, revocations, passwords, cutOff: setup.cutOff ?? [] };
}

async function forgetAccessTokens({ browser, lab, random }: SimulatedUser): Promise<void> {
  const draws = random.stream("access tokens");
  while (!lab.hasEnded) {
    await pause(draws.between(0.5, 1.5) * FORGETS_EVERY_MILLISECONDS);
    browser.jar.dropAccessToken();
  }
}

/** Those who were logged out, which is a violation, are not waited for. */
async function waitForRotations(users: readonly SimulatedUser[], times: number): Promise<void> {
  const generationOf = ({ browser }: SimulatedUser) => browser.receivedTokens.at(-1)?.generation ?? 0;
  const sessions = users.map((user) => ({ user, id: user.browser.sessionId, from: generationOf(user) }));
  await waitUntil(`every browser has rotated ${times} times`, () =>
    sessions.every(({ user, id, from }) => user.browser.sessionId !== id || generationOf(user) >= from + times),
  );
}
