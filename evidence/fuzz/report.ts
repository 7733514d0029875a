import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { AppLog } from "@/evidence/app-log";
import { paint } from "@/scripts/progress.mjs";
import type { Finding } from "./fuzz-worker";
import type { Sample, Slope, MemoryTrend } from "./memory";
import type { Options } from "./options";
import { ORACLES } from "./oracles";
import { SLOW_MILLISECONDS, type RunStatistics } from "./run-statistics";

/** A leaked request object is larger than this. */
const MAX_HEAP_BYTES_PER_REQUEST = 512;
const MAX_RSS_BYTES_PER_REQUEST = 4096;

interface Result {
  options: Options;
  statistics: RunStatistics;
  findings: readonly Finding[];
  samples: readonly Sample[];
  memory: MemoryTrend | null;
  /** Results of the attacks on connections. */
  connections: Record<string, string | null>;
  /** The failure of the smoke test, or null. */
  smokeTestFailure: string | null;
  log: AppLog;
}

/** Prints the report and writes it as JSON. True if every oracle held. */
export function printReport(result: Result, print: (text: string) => void): boolean {
  const { options, statistics, findings } = result;
  print(`\n  Fuzzer, seed ${options.seed}\n\n`);
  for (const [name, value] of rowsOf(result)) print(`  ${name.padEnd(10)}  ${value}\n`);

  const checks = checksOf(result);
  print("\n");
  for (const [oracle, violation] of Object.entries(checks)) {
    print(`  ${violation === null ? paint("green", "held    ") : paint("red", "NOT HELD")}  ${oracle}\n`);
    if (violation !== null) print(`              ${violation}\n`);
  }
  for (const finding of new Map(findings.map((one) => [one.oracle, one])).values()) print(describe(finding));
  if (options.reportFile !== undefined) {
    mkdirSync(dirname(options.reportFile), { recursive: true });
    const invariants = Object.fromEntries(Object.entries(checks).map(([name, one]) => [name, one === null ? 0 : 1]));
    const counts = { requests: statistics.requests, kinds: [...statistics.kinds], statuses: [...statistics.statuses] };
    writeFileSync(options.reportFile, `${JSON.stringify({ options, invariants, ...counts, findings }, null, 2)}\n`);
  }
  print("\n");
  return Object.values(checks).every((violation) => violation === null);
}

function checksOf({ findings, log, memory, connections, smokeTestFailure }: Result): Record<string, string | null> {
  const checks: Record<string, string | null> = {};
  for (const oracle of Object.keys(ORACLES)) {
    checks[oracle] = findings.find((finding) => finding.oracle === oracle)?.violation ?? null;
  }
  Object.assign(checks, connections);
  checks["No log line outside a request reported an error"] = log.linesOutsideRequests()[0]?.slice(0, 300) ?? null;
  checks["At the end a new user could register, log out and log in"] = smokeTestFailure;
  // A short run has too few samples.
  if (memory !== null) {
    checks["Memory did not grow"] =
      memory.heap.lowerBound < MAX_HEAP_BYTES_PER_REQUEST && memory.rss.lowerBound < MAX_RSS_BYTES_PER_REQUEST
        ? null
        : `the heap grew by ${describeSlope(memory.heap)}, the process by ${describeSlope(memory.rss)}`;
  }
  return checks;
}

function rowsOf({ statistics, samples, memory, log }: Result): [string, string][] {
  const list = (counts: Map<string, number>) =>
    [...counts]
      .sort(([, one], [, other]) => other - one)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  const [first, last] = [samples[0], samples.at(-1)];
  return [
    ["Requests", String(statistics.requests)],
    ["Kinds", list(statistics.kinds)],
    ["Responses", list(statistics.statuses)],
    ["Sessions", `${statistics.restoredSessions} restored after a request changed them`],
    ["Log", `${log.lines} lines read`],
    ["Slow", `${statistics.slow} over ${SLOW_MILLISECONDS} ms`],
    [
      "Slowest",
      statistics.slowest
        .map(({ milliseconds, what }) => `${Math.round(milliseconds)} ms ${what}`)
        .join("\n              "),
    ],
    [
      "Heap",
      `${mebibytes(first?.heapUsed)} at the start, ${mebibytes(last?.heapUsed)} at the end; ${describeSlope(memory?.heap)}`,
    ],
    [
      "Process",
      `${mebibytes(first?.rss)} at the start, ${mebibytes(last?.rss)} at the end; ${describeSlope(memory?.rss)}`,
    ],
  ];
}

function describe({ oracle, violation, request, response, seed, path }: Finding): string {
  const indent = (text: string) => text.replace(/^/gm, "    ");
  return [
    `\n  ${paint("red", oracle)}\n  ${violation}\n`,
    `  The smallest request that causes it (npm run fuzz -- --seed ${seed} --path ${path}):\n`,
    indent(JSON.stringify(request).slice(1, -1).replaceAll("\\r\\n", "\n").replaceAll('\\"', '"')),
    `\n  got the response:\n`,
    indent(response),
    "",
  ].join("\n");
}

function describeSlope(slope: Slope | undefined): string {
  if (slope === undefined) return "too few samples for a trend";
  return `then ${Math.round(slope.estimate)} bytes per request (at least ${Math.round(slope.lowerBound)}, 95 %)`;
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "–" : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
