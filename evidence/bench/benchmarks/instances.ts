import { availableParallelism } from "node:os";
import type { Benchmark } from "@/evidence/bench/benchmark";
import { summarise } from "@/evidence/statistics";
import { measurement, perSecond } from "@/evidence/bench/measurements";
import { cookiesOf, spreadEvenly } from "@/evidence/bench/seed-data";
import { query } from "@/evidence/bench/requests";

const CONNECTIONS = 16;

/** Alternates the same calls between one instance and two. */
export const instances: Benchmark = async ({ testBed, loadGenerator, options }, onProgress) => {
  const { sessions, times } = await testBed.smallDatabase(onProgress);
  const ports = [(await testBed.app(onProgress)).port, (await testBed.secondInstance(onProgress)).port];
  const people = await Promise.all(spreadEvenly(100, sessions).map((ordinal) => cookiesOf(ordinal, times)));
  const requests = people.map(({ access, refresh }) => query("auth.session", `${access}; ${refresh}`));
  const rate = async (some: number[], seconds = options.sliceSeconds) => {
    const result = await loadGenerator.run({ ports: some, connections: CONNECTIONS, requests, seconds });
    return result.milliseconds.length / result.seconds;
  };
  onProgress("warming up");
  await rate(ports, 3);
  const rounds: { one: number; two: number }[] = [];
  for (let round = 0; round < options.rounds; round++) {
    onProgress(`round ${round + 1} of ${options.rounds}`);
    rounds.push({ one: await rate(ports.slice(0, 1)), two: await rate(ports) });
  }
  const rates = `${perSecond(summarise(rounds.map(({ two }) => two)).median)} and ${perSecond(summarise(rounds.map(({ one }) => one)).median)}`;
  return [
    measurement(
      `Protected calls of two instances relative to one, on ${availableParallelism()} cores including the load generator`,
      summarise(rounds.map(({ one, two }) => two / one)),
      { note: rates },
    ),
  ];
};
