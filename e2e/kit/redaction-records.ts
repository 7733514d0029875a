import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Exchange } from "./http-exchange";
import type { Tunnel } from "./forward-proxy";
import { secretsIn, type Secret } from "./leak-search";
import { trafficIn, trafficOf } from "./traffic";

/** What one wire saw: enough to tell afterwards whether the app kept it to itself. */
interface Testimony {
  /** Of the requests that were answered, and leave a line at the level of a production. */
  requestIds: string[];
  secrets: Secret[];
}

/** Where the tests and the apps of one run leave what they saw and wrote. Null if nobody will look at it. */
function folder(): string | null {
  return process.env.STAGE_EVIDENCE ?? null;
}

/** The file for what an app writes; undefined if nobody will look at it. */
export function appLogFile(name: string): string | undefined {
  const kept = folder();
  return kept === null ? undefined : join(kept, `${name}.log`);
}

/** Leaves behind what went over a wire, once nothing more will. */
export function leaveEvidence(exchanges: readonly Exchange[], tunnels: readonly Tunnel[]): void {
  const kept = folder();
  const traffic = [...exchanges.map(trafficOf), ...tunnels.map(trafficIn)];
  if (kept === null || traffic.length === 0) return;
  const testimony: Testimony = {
    requestIds: traffic.flatMap(({ requestIds }) => requestIds),
    secrets: traffic.flatMap(secretsIn),
  };
  mkdirSync(kept, { recursive: true });
  // The accounts are nobody's; their secrets are kept like anybody's.
  appendFileSync(join(kept, `seen-${process.pid}.jsonl`), `${JSON.stringify(testimony)}\n`, { mode: 0o600 });
}

export interface Evidence extends Testimony {
  logs: { name: string; text: string }[];
}

/** Reads it all, and forgets the secrets: they are of no use to anybody else. */
export function takeEvidence(): Evidence {
  const kept = folder();
  const names = kept !== null && existsSync(kept) ? readdirSync(kept) : [];
  const read = (name: string) => readFileSync(join(kept ?? "", name), "utf8");
  const testimonies = names.filter((name) => name.startsWith("seen-"));
  const seen = testimonies
    .flatMap((name) => read(name).trimEnd().split("\n"))
    .map((line) => JSON.parse(line) as Testimony);
  for (const name of testimonies) rmSync(join(kept ?? "", name));
  return {
    requestIds: seen.flatMap(({ requestIds }) => requestIds),
    secrets: seen.flatMap(({ secrets }) => secrets),
    logs: names.filter((name) => name.endsWith(".log")).map((name) => ({ name, text: read(name) })),
  };
}
