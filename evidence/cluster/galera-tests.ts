import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NetConnectOpts } from "node:net";
import { DatabaseProxy } from "@/evidence/fault-lab/database-proxy";
import { addressOf } from "@/evidence/fault-lab/stack";
import { REPORTS, runVitest } from "@/scripts/test-checks.mjs";
import { summaryLine, type Tally } from "@/scripts/test-report.mjs";
import type { Say } from "./setup";
import { DURABLE_COMMITS } from "./servers/node";
import { startGalera, stopKind } from "./start-servers";

/** Tests that cannot pass on Galera, and why. All others must. */
const CANNOT_PASS: Record<string, string> = {};

/** Tests that cannot pass either if each connection leads to a random node. */
const CANNOT_PASS_ON_RANDOM_NODES: Record<string, string> = {};

export interface GaleraTests {
  name: string;
  tally: Tally;
  unexpected: readonly string[];
  log: string;
}

/** The product's database tests and the session histories, on one node and with every connection on a random node. */
export async function runTestsOnGalera(say: Say): Promise<GaleraTests[]> {
  // The doctor's tests expect a server that loses no commit when the machine crashes.
  const galera = await startGalera(say, DURABLE_COMMITS);
  const addresses = galera.nodes.map(({ server }) => addressOf(server));
  let turn = 0;
  const [onOne, onAny] = await Promise.all([
    DatabaseProxy.open(() => addresses[0]!),
    DatabaseProxy.open((): NetConnectOpts => addresses[turn++ % addresses.length]!),
  ]);
  const results: GaleraTests[] = [];
  for (const [where, proxy, exceptions] of [
    ["one node", onOne, CANNOT_PASS],
    ["every connection on the next node", onAny, { ...CANNOT_PASS, ...CANNOT_PASS_ON_RANDOM_NODES }],
  ] as const) {
    for (const project of ["db", "histories"]) {
      const name = `galera-${project}-${proxy === onOne ? "one" : "any"}`;
      const env = { TEST_DATABASE_URL: proxy.urlFor("portcullis") };
      const progress = (detail: string) => say(`${project}, ${where}: ${detail}`);
      // Each file migrates a database, and DDL stops all nodes: several files at once would measure time limits.
      const { tally, log } = await runVitest(project, { args: ["--maxWorkers=1"], env, name }, progress);
      const failed = failedTests(join(REPORTS, `${name}.json`));
      const unexpected = failed.filter((title) => !(title in exceptions));
      results.push({ name: `${project}, ${where}: ${summaryLine(tally)}`, tally, unexpected, log });
    }
  }
  onOne.close();
  onAny.close();
  await stopKind("galera");
  return results;
}

function failedTests(report: string): string[] {
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as {
    testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
  };
  return testResults.flatMap(({ name, status, assertionResults }) =>
    status === "failed" && assertionResults.length === 0
      ? [`${name} could not be loaded`]
      : assertionResults.filter((one) => one.status === "failed").map(({ fullName }) => fullName),
  );
}
