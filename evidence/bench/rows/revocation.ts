import { atMost } from "@/evidence/bench/bars";
import type { Row } from "@/evidence/bench/bench";
import { summarise } from "@/evidence/bench/figures";
import { finding, milliseconds } from "@/evidence/bench/findings";
import { cookiesOf } from "@/evidence/bench/people";
import { Visitor } from "@/evidence/bench/visitor";
import { pause } from "@/evidence/pause";

const GIVEN_UP_MILLISECONDS = 15_000;

/** From the answered logout at one instance to the last call that the other one still let in. */
export const revocation: Row = async ({ stage, options }, say) => {
  const { spare, past } = await stage.few(say);
  const [here, there] = [await stage.product(say), await stage.second(say)];
  const lags: number[] = [];
  const times = options.isQuick ? 3 : 15;
  for (const ordinal of spare.splice(0, times)) {
    say(`${lags.length + 1} of ${times}`);
    const { access, refresh } = await cookiesOf(ordinal, past);
    const owner = new Visitor(here.port);
    owner.jar.store(access);
    owner.jar.store(refresh);
    const thief = new Visitor(there.port);
    thief.jar.store(access);
    if ((await thief.query("auth.session")).status !== 200) throw new Error("The session was not live to begin with");
    // Not in step with the other instance's reads.
    await pause(Math.random() * 1000);
    await owner.mutate("auth.logout");
    lags.push(await lagOf(thief));
  }
  const lag = summarise(lags);
  return [
    finding("Revocation on the other instance, slowest", lag.max, {
      show: milliseconds,
      bar: atMost(2000, 4000),
      note: `median ${milliseconds(lag.median)} of ${times}`,
      detail: lags,
    }),
  ];
};

async function lagOf(thief: Visitor): Promise<number> {
  const endedAt = performance.now();
  let lag = 0;
  while (performance.now() - endedAt < GIVEN_UP_MILLISECONDS) {
    const askedAt = performance.now();
    if ((await thief.query("auth.session")).status === 401) return lag;
    lag = askedAt - endedAt;
    await pause(10);
  }
  return lag;
}
