import { availableParallelism } from "node:os";
import { atLeast, atMost } from "@/bench/bars";
import type { Row } from "@/bench/bench";
import { join, quantile, summarise } from "@/bench/figures";
import { finding, milliseconds, perSecond } from "@/bench/findings";
import type { HashSpec } from "@/bench/hash-process";
import { askProcess, Load, startProcess, type LoadResult } from "@/bench/load";
import { cookiesOf, emailOf, PASSWORD, SESSIONS_PER_USER, spread } from "@/bench/people";
import type { LoopDelay } from "@/bench/probe";
import { mutation, query } from "@/bench/requests";

/** As many as the app hashes at once. */
const HASHES_AT_ONCE = Math.min(2, availableParallelism());
const FLOOD_CONNECTIONS = 16;
/** Of somebody who is signed in already, and notices the flood or does not. */
const CALLS = { connections: 8, perSecond: 100 };

interface Round {
  idle: LoadResult;
  flood: LoadResult;
  loop: LoopDelay;
  loginsPerSecond: number;
  /** The same hashing in a process of its own: what the machine makes of it. */
  beside: LoadResult;
  hashesPerSecond: number;
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
  const attempts = Array.from({ length: sessions / SESSIONS_PER_USER }, (_, user) =>
    mutation("auth.login", { email: emailOf(user), password: PASSWORD }),
  );
  const seconds = options.isQuick ? 2.5 : 4;
  const calls = () => load.run({ ports: [port], requests, seconds, ...CALLS });
  const raw = () =>
    askProcess<number>(hashes, { hash, password: PASSWORD, atOnce: HASHES_AT_ONCE, seconds } satisfies HashSpec);
  const login = (from: number) =>
    flood.run({ ports: [port], connections: FLOOD_CONNECTIONS, requests: attempts, from, seconds });

  say("warming up");
  await Promise.all([calls(), login(0)]);
  await raw();
  const rounds: Round[] = [];
  const number = options.isQuick ? 3 : 10;
  for (let round = 0; round < number; round++) {
    say(`round ${round + 1} of ${number}`);
    const flooded = async () => {
      let results: [LoadResult, LoadResult] | undefined;
      const loop = await probe.loopDelayDuring(async () => (results = await Promise.all([calls(), login(round * 37)])));
      const [flood, logins] = results!;
      return { flood, loop, loginsPerSecond: logins.milliseconds.length / logins.seconds };
    };
    const hashed = async () => {
      const [beside, hashesPerSecond] = await Promise.all([calls(), raw()]);
      return { beside, hashesPerSecond };
    };
    const idle = await calls();
    const first = round % 2 === 0 ? await flooded() : await hashed();
    const second = round % 2 === 0 ? await hashed() : await flooded();
    rounds.push({ idle, ...first, ...second } as Round);
  }

  const p99 = (side: "idle" | "flood" | "beside") => quantile(join(rounds.map((one) => one[side].milliseconds)), 0.99);
  const rates = summarise(rounds.map(({ loginsPerSecond, hashesPerSecond }) => loginsPerSecond / hashesPerSecond));
  const middle = (key: "loginsPerSecond" | "hashesPerSecond") => summarise(rounds.map((one) => one[key])).median;
  const delay = (key: keyof LoopDelay) => summarise(rounds.map(({ loop }) => loop[key])).median;
  return [
    finding("Logins beside the machine's raw argon2id rate", rates, {
      bar: atLeast(0.75, 0.55),
      note: `${perSecond(middle("loginsPerSecond"))} and ${perSecond(middle("hashesPerSecond"))}`,
    }),
    finding("Protected call during that flood, p99 beside idle", p99("flood") / p99("idle"), {
      bar: atMost(4, 10),
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
