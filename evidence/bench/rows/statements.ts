import { sql, type Kysely } from "kysely";
import type { Database } from "@/db/schema";
import { atMost } from "@/evidence/bench/bars";
import type { Row } from "@/evidence/bench/bench";
import { median, quantile } from "@/evidence/bench/figures";
import { count, finding } from "@/evidence/bench/findings";
import { cookiesOf, emailOf, PASSWORD } from "@/evidence/bench/people";
import { Visitor } from "@/evidence/bench/visitor";
import { pause } from "@/evidence/pause";

const TIMES = 15;
/** What an operation leaves to be done after its answer is begun at once. */
const SETTLED_MILLISECONDS = 50;

/**
 * Counted by the database server itself, one operation at a time. Each instance also asks for revocations once a second: the
 * median of many operations leaves that out.
 */
export const statements: Row = async ({ stage }, say) => {
  const { db, spare, past } = await stage.few(say);
  const { port } = await stage.product(say);
  const visitor = async (cookies: "both" | "refresh" | "none") => {
    const one = new Visitor(port);
    if (cookies === "none") return one;
    const { access, refresh } = await cookiesOf(spare.pop()!, past);
    one.jar.store(refresh);
    if (cookies === "both") one.jar.store(access);
    return one;
  };

  const operations = [
    ["a protected call", 0, () => visitor("both"), (one: Visitor) => one.query("auth.session")],
    ["a refresh", 2, () => visitor("refresh"), (one: Visitor) => one.mutate("auth.refresh")],
    [
      "a login",
      5,
      () => visitor("none"),
      (one: Visitor, time: number) => one.mutate("auth.login", { email: emailOf(time), password: PASSWORD }),
    ],
    ["a logout", 2, () => visitor("both"), (one: Visitor) => one.mutate("auth.logout")],
    [
      "the second page after an expired access token",
      0,
      async () => {
        const one = await visitor("refresh");
        await one.open("/dashboard");
        return one;
      },
      (one: Visitor) => one.open("/dashboard"),
    ],
  ] as const;

  const findings = [];
  for (const [name, limit, prepare, perform] of operations) {
    say(name);
    const counts: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      const one = await prepare();
      const before = await questions(db);
      const response = await perform(one, time);
      // Less the question itself.
      // What the answer did not wait for is part of it.
      await pause(SETTLED_MILLISECONDS);
      counts.push((await questions(db)) - before - 1);
      if (response.status !== 200) throw new Error(`${name} was answered with ${response.status}`);
    }
    findings.push(
      finding(`SQL statements of ${name}`, median(counts), {
        show: count,
        bar: atMost(limit),
        detail: { counts, max: quantile(counts, 1) },
      }),
    );
  }
  return findings;
};

async function questions(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<Record<string, string>>`show global status like 'Questions'`.execute(db);
  return Number(Object.values(rows[0]!)[1]);
}
