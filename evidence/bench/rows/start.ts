import { summarise } from "@/evidence/bench/figures";
import type { Row } from "@/evidence/bench/bench";
import { finding, seconds } from "@/evidence/bench/findings";
import { untilAnswered, type Site } from "@/evidence/bench/stage";

/** From nothing to the first page; beside the empty app. */
export const start: Row = async ({ stage, options }, say) => {
  await stage.few(say);
  const times = options.isQuick ? 2 : 7;
  const ours: number[] = [];
  const empty: number[] = [];
  for (let time = 0; time < times; time++) {
    say(`${time + 1} of ${times}`);
    ours.push(await secondsUntil(stage.startProduct(), "/login"));
    empty.push(await secondsUntil(stage.startBare(), "/"));
  }
  const [own, bare] = [summarise(ours), summarise(empty)];
  return [
    finding("From start to the first page", own, { show: seconds, note: `${seconds(bare.median)} for the empty app` }),
  ];
};

async function secondsUntil(starting: Promise<Site>, path: string): Promise<number> {
  const { app, port, startedAt } = await starting;
  try {
    await untilAnswered(port, path);
    return (performance.now() - startedAt) / 1000;
  } finally {
    await app.kill();
  }
}
