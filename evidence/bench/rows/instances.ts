import { availableParallelism } from "node:os";
import type { Row } from "@/evidence/bench/bench";
import { summarise } from "@/evidence/bench/figures";
import { finding, perSecond } from "@/evidence/bench/findings";
import { cookiesOf, spread } from "@/evidence/bench/people";
import { query } from "@/evidence/bench/requests";

const CONNECTIONS = 16;

/** The same calls to one instance and to two, in turns. */
export const instances: Row = async ({ stage, load, options }, say) => {
  const { sessions, past } = await stage.few(say);
  const ports = [(await stage.product(say)).port, (await stage.second(say)).port];
  const people = await Promise.all(spread(100, sessions).map((ordinal) => cookiesOf(ordinal, past)));
  const requests = people.map(({ access, refresh }) => query("auth.session", `${access}; ${refresh}`));
  const rate = async (some: number[], seconds = options.sliceSeconds) => {
    const result = await load.run({ ports: some, connections: CONNECTIONS, requests, seconds });
    return result.milliseconds.length / result.seconds;
  };
  say("warming up");
  await rate(ports, 3);
  const rounds: { one: number; two: number }[] = [];
  for (let round = 0; round < options.rounds; round++) {
    say(`round ${round + 1} of ${options.rounds}`);
    rounds.push({ one: await rate(ports.slice(0, 1)), two: await rate(ports) });
  }
  const rates = `${perSecond(summarise(rounds.map(({ two }) => two)).median)} and ${perSecond(summarise(rounds.map(({ one }) => one)).median)}`;
  return [
    finding(
      `Protected calls of two instances beside one, on ${availableParallelism()} cores with the load generator`,
      summarise(rounds.map(({ one, two }) => two / one)),
      { note: rates },
    ),
  ];
};
