import { atMost } from "@/evidence/bench/bars";
import type { Row } from "@/evidence/bench/bench";
import { join, quantile, summarise } from "@/evidence/bench/figures";
import { count, finding, milliseconds } from "@/evidence/bench/findings";
import type { LoadResult } from "@/evidence/bench/load";
import { cookiesOf, spread } from "@/evidence/bench/people";
import { mutation } from "@/evidence/bench/requests";
import { rewind } from "@/evidence/bench/seed";
import type { Filled, Site } from "@/evidence/bench/stage";

/** Refreshed in one turn; each session once, so that each is a rotation. */
const REFRESHES = 150;
/** Sessions that take part: spread over the whole table, so that its size is felt. */
const TAKING_PART = 900;
/** Waiting for each other is not what is asked. */
const CONNECTIONS = 2;

/** The same refresh in two databases of one server, a small and a large one, in turns. */
export const sessions: Row = async ({ stage, load, options }, say) => {
  const few = await participants(await stage.few(say), await stage.product(say));
  const many = await participants(await stage.many(options.sessions, say), await stage.crowded(options.sessions, say));

  const turn = async ({ filled, site, ordinals, requests }: Participants, number: number) => {
    const from = (number * REFRESHES) % ordinals.length;
    if (from === 0) await rewind(filled.db, ordinals, filled.past);
    return load.run({ ports: [site.port], connections: CONNECTIONS, requests, from, count: REFRESHES });
  };
  say("warming up");
  let number = 0;
  for (; number < TAKING_PART / REFRESHES; number++) for (const one of [few, many]) await turn(one, number);

  const pairs: { few: LoadResult; many: LoadResult }[] = [];
  const rounds = options.rounds;
  for (let round = 0; round < rounds; round++, number++) {
    say(`round ${round + 1} of ${rounds}`);
    const fewFirst = round % 2 === 0;
    const first = await turn(fewFirst ? few : many, number);
    const second = await turn(fewFirst ? many : few, number);
    pairs.push(fewFirst ? { few: first, many: second } : { few: second, many: first });
  }
  const ratioOf = (share: number) =>
    pairs.map(({ few, many }) => quantile(many.milliseconds, share) / quantile(few.milliseconds, share));
  const all = (side: "few" | "many") => join(pairs.map((pair) => pair[side].milliseconds));
  const sizes = `${count(options.sessions)} sessions beside ${count(few.filled.sessions)}`;
  const times = (share: number) =>
    `${milliseconds(quantile(all("many"), share))} and ${milliseconds(quantile(all("few"), share))}`;
  return [
    finding(`Refresh at ${sizes}, p50`, summarise(ratioOf(0.5)), { bar: atMost(1.2, 2.5), note: times(0.5) }),
    finding(`Refresh at ${sizes}, p99`, quantile(all("many"), 0.99) / quantile(all("few"), 0.99), {
      note: times(0.99),
    }),
  ];
};

interface Participants {
  filled: Filled;
  site: Site;
  ordinals: number[];
  requests: string[];
}

async function participants(filled: Filled, site: Site): Promise<Participants> {
  const ordinals = spread(TAKING_PART, filled.sessions);
  const cookies = await Promise.all(ordinals.map((ordinal) => cookiesOf(ordinal, filled.past)));
  const requests = cookies.map(({ refresh }) => mutation("auth.refresh", undefined, refresh));
  return { filled, site, ordinals, requests };
}
