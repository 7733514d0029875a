import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HttpExchange } from "./http-exchange";
import type { Tunnel } from "./forward-proxy";
import { extractSecrets, type Secret } from "./leak-search";
import { exchangeTraffic, tunnelTraffic } from "./traffic";

/** What one wire saw: enough to tell afterwards whether the app logged any of it. */
interface TrafficRecord {
  /** Of the requests that were answered, and leave a line at the level of a production. */
  requestIds: string[];
  secrets: Secret[];
}

/** Where the tests and the apps of one run leave what they saw and wrote. Null if nobody will look at it. */
function recordsFolder(): string | null {
  return process.env.STAGE_EVIDENCE ?? null;
}

/** The file for what an app writes; undefined if nobody will look at it. */
export function appLogFile(name: string): string | undefined {
  const folder = recordsFolder();
  return folder === null ? undefined : join(folder, `${name}.log`);
}

/** Leaves behind what went over a wire, once nothing more will. */
export function recordTraffic(exchanges: readonly HttpExchange[], tunnels: readonly Tunnel[]): void {
  const folder = recordsFolder();
  const traffic = [...exchanges.map(exchangeTraffic), ...tunnels.map(tunnelTraffic)];
  if (folder === null || traffic.length === 0) return;
  const record: TrafficRecord = {
    requestIds: traffic.flatMap(({ requestIds }) => requestIds),
    secrets: traffic.flatMap(extractSecrets),
  };
  mkdirSync(folder, { recursive: true });
  // The accounts are nobody's; their secrets are kept like anybody's.
  appendFileSync(join(folder, `seen-${process.pid}.jsonl`), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

export interface RedactionRecords extends TrafficRecord {
  logs: { name: string; text: string }[];
}

/** Reads it all, and forgets the secrets: they are of no use to anybody else. */
export function takeRecords(): RedactionRecords {
  const folder = recordsFolder();
  const names = folder !== null && existsSync(folder) ? readdirSync(folder) : [];
  const read = (name: string) => readFileSync(join(folder ?? "", name), "utf8");
  const recordFiles = names.filter((name) => name.startsWith("seen-"));
  const records = recordFiles
    .flatMap((name) => read(name).trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as TrafficRecord);
  for (const name of recordFiles) rmSync(join(folder ?? "", name));
  return {
    requestIds: records.flatMap(({ requestIds }) => requestIds),
    secrets: records.flatMap(({ secrets }) => secrets),
    logs: names.filter((name) => name.endsWith(".log")).map((name) => ({ name, text: read(name) })),
  };
}
