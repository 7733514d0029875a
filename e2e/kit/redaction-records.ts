import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HttpExchange } from "./http-exchange";
import type { Tunnel } from "./forward-proxy";
import { extractSecrets, type Secret } from "./leak-search";
import { exchangeTraffic, tunnelTraffic } from "./traffic";

/** What one network recorded: enough to check later whether the app logged a secret. */
interface TrafficRecord {
  /** Of answered requests that are logged at the production log level. */
  requestIds: string[];
  secrets: Secret[];
}

/** Where tests write their records and apps their logs. Null if this run does not check redaction. */
function recordsFolder(): string | null {
  return process.env.STAGE_EVIDENCE ?? null;
}

/** The log file for an app; undefined if this run does not check redaction. */
export function appLogFile(name: string): string | undefined {
  const folder = recordsFolder();
  return folder === null ? undefined : join(folder, `${name}.log`);
}

/** Writes the record of a network that is closed. */
export function recordTraffic(exchanges: readonly HttpExchange[], tunnels: readonly Tunnel[]): void {
  const folder = recordsFolder();
  const traffic = [...exchanges.map(exchangeTraffic), ...tunnels.map(tunnelTraffic)];
  if (folder === null || traffic.length === 0) return;
  const record: TrafficRecord = {
    requestIds: traffic.flatMap(({ requestIds }) => requestIds),
    secrets: traffic.flatMap(extractSecrets),
  };
  mkdirSync(folder, { recursive: true });
  // The accounts are generated; the file is private nevertheless.
  appendFileSync(join(folder, `seen-${process.pid}.jsonl`), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

export interface RedactionRecords extends TrafficRecord {
  logs: { name: string; text: string }[];
}

/** Reads all records and logs, and deletes the records, which contain secrets. */
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
