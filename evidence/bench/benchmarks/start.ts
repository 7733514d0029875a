import { summarise } from "@/evidence/statistics";
import type { Benchmark } from "@/evidence/bench/benchmark";
import { measurement, seconds } from "@/evidence/bench/measurements";
import { waitForResponse, type RunningApp } from "@/evidence/bench/test-bed";

/** Time from process start to the first page, also for the empty app. */
export const start: Benchmark = async ({ testBed, options }, onProgress) => {
  await testBed.smallDatabase(onProgress);
  const times = options.isQuick ? 2 : 7;
  const product: number[] = [];
  const empty: number[] = [];
  for (let time = 0; time < times; time++) {
    onProgress(`${time + 1} of ${times}`);
    product.push(await secondsUntilResponse(testBed.startNewApp(), "/login"));
    empty.push(await secondsUntilResponse(testBed.startNewEmptyApp(), "/"));
  }
  const [productTime, emptyTime] = [summarise(product), summarise(empty)];
  return [
    measurement("Process start to first page", productTime, {
      format: seconds,
      note: `${seconds(emptyTime.median)} for the empty app`,
    }),
  ];
};

async function secondsUntilResponse(starting: Promise<RunningApp>, path: string): Promise<number> {
  const { app, port, startedAt } = await starting;
  try {
    await waitForResponse(port, path);
    return (performance.now() - startedAt) / 1000;
  } finally {
    await app.kill();
  }
}
