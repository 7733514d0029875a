import { availableParallelism } from "node:os";
import { atLeast, atMost } from "@/bench/bars";
import type { Row } from "@/bench/bench";
import { join, median, quantile, summarise } from "@/bench/figures";
import { finding, milliseconds, perSecond } from "@/bench/findings";
import type { HashResult, HashSpec } from "@/bench/hash-process";
import { askProcess, Load, startProcess, type LoadResult } from "@/bench/load";
import { cookiesOf, emailOf, PASSWORD, spread } from "@/bench/people";
import type { LoopDelay, Probe } from "@/bench/probe";
import { mutation, query } from "@/bench/requests";

/** As many as the app hashes at once. */
const HASHES_AT_ONCE = Math.min(2, availableParallelism());
const FLOOD_CONNECTIONS = 24;
const PEOPLE = 200;
/** Of somebody who is signed in already, and notices the flood or does not. */
const CALLS = { connections: 8, perSecond: 100 };

interface Round {
  idle: LoadResult;
  flood: LoadResult;
  loop: LoopDelay;
  loginsPerSecond: number;
  /** The same hashing in a process of its own: what the machine makes of it. */
  beside: LoadResult;
  hashes: HashResult;
  /** Of the app's process, for each login beyond the calls that go on all the time. */
  loginMicroseconds: number;
}

/** A flood of logins, the machine's own hashing, and nothing, in turns; protected calls at a steady pace all the while. */
export const logins: Row = async ({ stage, load, options }, say) => {
  const { db, sessions, past } = await stage.few(say);
  const { port, probe } = await stage.product(say);
  const hashes = startProcess("bench-hashes");
  const flood = Load.start();
  const { passwordHash: hash } = await db.selectFrom("users").select("passwordHash").limit(1).executeTakeFirstOrThrow();
  const people = await Promise.all(spread(50, sessions).map((ordinal) => cookiesOf(ordinal, past)));
  const requests = people.map(({ access, refresh }) => query("auth.session", `${access}; ${refresh}`));
  const attempts = loginAttempts();
  const seconds = options.isQuick ? 2.5 : 4;
  const calls = () => load.run({ ports: [port], requests, seconds, ...CALLS });
  const raw = () =>
    askProcess<HashResult>(hashes, { hash, password: PASSWORD, atOnce: HASHES_AT_ONCE, seconds } satisfies HashSpec);
  const login = (from: number) =>
    flood.run({ ports: [port], connections: FLOOD_CONNECTIONS, requests: attempts, from, seconds });

  say("warming up");
  await Promise.all([calls(), login(0)]);
  await raw();
  const rounds: Round[] = [];
  const number = options.isQuick ? 3 : 10;
  for (let round = 0; round < number; round++) {
    say(`round ${round + 1} of ${number}`);
    const idle = await withCpu(probe, calls);
    const flooded = async () => {
      let loop: LoopDelay | undefined;
      const { result, cpuMicroseconds } = await withCpu(probe, async () => {
        let both: [LoadResult, LoadResult] | undefined;
        loop = await probe.loopDelayDuring(async () => (both = await Promise.all([calls(), login(round * 37)])));
        return both!;
      });
      const [flood, logins] = result;
      return {
        flood,
        loop: loop!,
        loginsPerSecond: logins.milliseconds.length / logins.seconds,
        loginMicroseconds: (cpuMicroseconds - idle.cpuMicroseconds) / logins.milliseconds.length,
      };
    };
    const hashed = async () => {
      const [beside, hashed] = await Promise.all([calls(), raw()]);
      return { beside, hashes: hashed };
    };
    if (round % 2 === 0) rounds.push({ idle: idle.result, ...(await flooded()), ...(await hashed()) });
    else rounds.push({ idle: idle.result, ...(await hashed()), ...(await flooded()) });
  }

  const p99 = (side: "idle" | "flood" | "beside") => quantile(join(rounds.map((one) => one[side].milliseconds)), 0.99);
  const rates = summarise(rounds.map(({ loginsPerSecond, hashes }) => loginsPerSecond / hashes.perSecond));
  const times = summarise(rounds.map(({ loginMicroseconds, hashes }) => loginMicroseconds / hashes.cpuMicroseconds));
  const middle = (of: (round: Round) => number) => median(rounds.map(of));
  const delay = (key: keyof LoopDelay) => median(rounds.map(({ loop }) => loop[key]));
  return [
    finding("Logins beside the machine's raw argon2id rate", rates, {
      bar: atLeast(0.75, 0.35),
      note: `${perSecond(middle((one) => one.loginsPerSecond))} and ${perSecond(middle((one) => one.hashes.perSecond))}`,
      detail: rounds.map(({ loginsPerSecond, hashes }) => ({ loginsPerSecond, hashes })),
    }),
    finding("Processor time of a login beside that of its hash", times, {
      note: `${milliseconds(middle((one) => one.loginMicroseconds) / 1000)} and ${milliseconds(middle((one) => one.hashes.cpuMicroseconds) / 1000)}`,
    }),
    finding("Protected call during that flood, p99 beside idle", p99("flood") / p99("idle"), {
      bar: atMost(4, 40),
      note: `${milliseconds(p99("flood"))} and ${milliseconds(p99("idle"))}`,
    }),
    finding("The same with the hashing in another process", p99("beside") / p99("idle"), {
      note: milliseconds(p99("beside")),
    }),
    finding("Event loop delay during the flood, p99", delay("p99"), {
      show: milliseconds,
      note: `p50 ${milliseconds(delay("p50"))}, max ${milliseconds(delay("max"))}, of which 5 ms are the probe's`,
    }),
  ];
};

async function withCpu<Result>(probe: Probe, work: () => Promise<Result>) {
  const before = await probe.cpuMicroseconds();
  const result = await work();
  return { result, cpuMicroseconds: (await probe.cpuMicroseconds()) - before };
}

/** Of different people, from different addresses: one alone would wait for its own counter. */
export function loginAttempts(): string[] {
  return Array.from({ length: PEOPLE }, (_, user) =>
    mutation("auth.login", { email: emailOf(user), password: PASSWORD }, "", `10.0.0.${user}`),
  );
}
