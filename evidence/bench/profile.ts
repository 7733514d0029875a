import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATA } from "@/scripts/paths.mjs";
import type { Bench, Say } from "./bench";
import type { Target } from "./compare";
import { OriginalSources } from "./original-source";
import { document, query } from "./requests";
import { loginAttempts } from "./flood";
import { twinTargets } from "./rows/twins";
import { OWNERS, sharesOf, type Owner } from "./shares";

const CONNECTIONS = 8;

export interface Profiled {
  name: string;
  /** Of the main thread, for one request. */
  microseconds: Record<Owner, number>;
}

/** Where the microseconds of a request go: of ours, of its open twin, and of the empty app. */
export async function profile(bench: Bench, say: Say): Promise<Profiled[]> {
  const { stage } = bench;
  const call = await twinTargets(bench, say, (cookies, isOpen) =>
    query(isOpen ? "twin.session" : "auth.session", cookies),
  );
  const page = await twinTargets(bench, say, (cookies, isOpen) =>
    document(isOpen ? "/twin-page" : "/dashboard", cookies),
  );
  const { port, probe } = await stage.bare();
  const [cookies] = call.ours.requests.map((request) => /Cookie: (.*)\r\n/.exec(request)![1]!);
  const bareCall = { port, probe, requests: [query("x", cookies!).replace("/api/trpc/x", "/api/answer")] };
  const barePage = { port, probe, requests: [document("/", cookies!)] };
  return [
    await profileOf(bench, "protected call", call.ours, say),
    await profileOf(bench, "open call", call.open, say),
    await profileOf(bench, "bare Next.js", bareCall, say),
    await profileOf(bench, "private page", page.ours, say),
    await profileOf(bench, "open page", page.open, say),
    await profileOf(bench, "empty page", barePage, say),
    await profileOf(bench, "login", { ...call.ours, requests: loginAttempts() }, say),
  ];
}

async function profileOf({ load, options }: Bench, name: string, target: Target, say: Say): Promise<Profiled> {
  say(name);
  const { probe, requests } = target;
  const ask = { ports: [target.port], connections: CONNECTIONS, requests };
  await load.run({ ...ask, seconds: 3 });
  let count = 0;
  const recorded = await probe.profileDuring(async () => {
    const result = await load.run({ ...ask, seconds: options.isQuick ? 4 : 10 });
    count = result.milliseconds.length;
  });
  const folder = join(DATA, "bench");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name.replaceAll(" ", "-")}.cpuprofile`), JSON.stringify(recorded));
  const sources = new OriginalSources();
  const shares = sharesOf(recorded, (frame) => sources.of(frame));
  const owners = Object.keys(OWNERS) as Owner[];
  return {
    name,
    microseconds: Object.fromEntries(owners.map((owner) => [owner, shares[owner] / count])) as Record<Owner, number>,
  };
}

/** Microseconds and shares, a column for each that was profiled. */
export function profileTable(profiled: readonly Profiled[]): string {
  const owners = Object.keys(OWNERS) as Owner[];
  const total = ({ microseconds }: Profiled) => owners.reduce((sum, owner) => sum + microseconds[owner], 0);
  const cell = (one: Profiled, owner: Owner) =>
    `${one.microseconds[owner].toFixed(0)} (${((100 * one.microseconds[owner]) / total(one)).toFixed(0)} %)`;
  const rows = [
    ["µs of the main thread per request", ...profiled.map(({ name }) => name)],
    ...owners.map((owner) => [OWNERS[owner], ...profiled.map((one) => cell(one, owner))]),
    ["in all", ...profiled.map((one) => total(one).toFixed(0))],
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `  ${row
          .map((text, column) => text.padEnd(widths[column]!))
          .join("  ")
          .trimEnd()}`,
    )
    .join("\n");
}
