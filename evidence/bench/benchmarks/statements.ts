import { sql, type Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { atMost } from "@/evidence/bench/thresholds";
import type { Benchmark } from "@/evidence/bench/benchmark";
import { median, quantile } from "@/evidence/statistics";
import { count, measurement } from "@/evidence/bench/measurements";
import { cookiesOf, emailOf, PASSWORD } from "@/evidence/bench/seed-data";
import { AppClient } from "@/evidence/app-client";
import { ORIGIN } from "@/evidence/bench/requests";
import { pause } from "@/evidence/pause";

const TIMES = 15;
/** Time for work that continues after the response. */
const SETTLED_MILLISECONDS = 50;

/**
 * Counted by the database server, one operation at a time. Each instance also polls for revocations once a second: the median
 * excludes those queries.
 */
export const statements: Benchmark = async ({ testBed }, onProgress) => {
  const { db, spareOrdinals, times } = await testBed.smallDatabase(onProgress);
  const { port } = await testBed.app(onProgress);
  const newClient = async (cookies: "both" | "refresh" | "none") => {
    const one = new AppClient({ port }, ORIGIN);
    if (cookies === "none") return one;
    const { access, refresh } = await cookiesOf(spareOrdinals.pop()!, times);
    one.jar.store(refresh);
    if (cookies === "both") one.jar.store(access);
    return one;
  };

  const operations = [
    ["a protected call", 0, () => newClient("both"), (one: AppClient) => one.query("auth.session")],
    ["a refresh", 2, () => newClient("refresh"), (one: AppClient) => one.mutate("auth.refresh")],
    [
      "a login",
      5,
      () => newClient("none"),
      (one: AppClient, time: number) => one.mutate("auth.login", { email: emailOf(time), password: PASSWORD }),
    ],
    ["a logout", 2, () => newClient("both"), (one: AppClient) => one.mutate("auth.logout")],
    [
      "the second page after an expired access token",
      0,
      async () => {
        const one = await newClient("refresh");
        await one.page("/dashboard");
        return one;
      },
      (one: AppClient) => one.page("/dashboard"),
    ],
  ] as const;

  const measurements = [];
  for (const [name, limit, prepare, run] of operations) {
    onProgress(name);
    const counts: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      const one = await prepare();
      const before = await questions(db);
      const response = await run(one, time);
      // Includes work after the response; excludes the status query itself.
      await pause(SETTLED_MILLISECONDS);
      counts.push((await questions(db)) - before - 1);
      if (response.status !== 200) throw new Error(`${name} returned ${response.status}`);
    }
    measurements.push(
      measurement(`SQL statements of ${name}`, median(counts), {
        format: count,
        threshold: atMost(limit),
        detail: { counts, max: quantile(counts, 1) },
      }),
    );
  }
  return measurements;
};

async function questions(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<Record<string, string>>`show global status like 'Questions'`.execute(db);
  return Number(Object.values(rows[0]!)[1]);
}
