import { atMost } from "@/evidence/bench/thresholds";
import type { Benchmark } from "@/evidence/bench/benchmark";
import { summarise } from "@/evidence/statistics";
import { measurement, milliseconds } from "@/evidence/bench/measurements";
import { cookiesOf } from "@/evidence/bench/seed-data";
import { AppClient } from "@/evidence/app-client";
import { ORIGIN } from "@/evidence/bench/requests";
import { pause } from "@/evidence/pause";

const TIMEOUT_MILLISECONDS = 15_000;

/** Time from the response of a logout at one instance to the last call that the other instance accepted. */
export const revocation: Benchmark = async ({ testBed, options }, onProgress) => {
  const { spareOrdinals, times } = await testBed.smallDatabase(onProgress);
  const [here, there] = [await testBed.app(onProgress), await testBed.secondInstance(onProgress)];
  const lags: number[] = [];
  const repetitions = options.isQuick ? 3 : 15;
  for (const ordinal of spareOrdinals.splice(0, repetitions)) {
    onProgress(`${lags.length + 1} of ${repetitions}`);
    const { access, refresh } = await cookiesOf(ordinal, times);
    const owner = new AppClient({ port: here.port }, ORIGIN);
    owner.jar.store(access);
    owner.jar.store(refresh);
    const thief = new AppClient({ port: there.port }, ORIGIN);
    thief.jar.store(access);
    if ((await thief.query("auth.session")).status !== 200)
      throw new Error("The session was not valid before the logout");
    // A random delay, to be independent of the other instance's polling.
    await pause(Math.random() * 1000);
    await owner.mutate("auth.logout");
    lags.push(await lagOf(thief));
  }
  const lag = summarise(lags);
  return [
    measurement("Revocation lag on another instance, maximum", lag.max, {
      format: milliseconds,
      threshold: atMost(2000, 4000),
      note: `median ${milliseconds(lag.median)} of ${repetitions}`,
      detail: lags,
    }),
  ];
};

async function lagOf(thief: AppClient): Promise<number> {
  const endedAt = performance.now();
  let lag = 0;
  while (performance.now() - endedAt < TIMEOUT_MILLISECONDS) {
    const askedAt = performance.now();
    if ((await thief.query("auth.session")).status === 401) return lag;
    lag = askedAt - endedAt;
    await pause(10);
  }
  return lag;
}
