import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATA } from "@/scripts/paths.mjs";
import type { BenchmarkContext, OnProgress } from "./benchmark";
import type { Target } from "./compare";
import { OriginalSources } from "./original-source";
import { document, query } from "./requests";
import { loginRequests } from "./login-flood";
import { baselineTargets } from "./benchmarks/baseline";
import { COMPONENTS, cpuTimeByComponent, type Component } from "./profile-components";

const CONNECTIONS = 8;

export interface Profiled {
  name: string;
  /** Of the main thread, per request. */
  microseconds: Record<Component, number>;
}

/** CPU profiles of product, baseline and empty app. */
export async function profile(context: BenchmarkContext, onProgress: OnProgress): Promise<Profiled[]> {
  const { testBed } = context;
  const call = await baselineTargets(context, onProgress, (cookies, isOpen) =>
    query(isOpen ? "open.session" : "auth.session", cookies),
  );
  const page = await baselineTargets(context, onProgress, (cookies, isOpen) =>
    document(isOpen ? "/open-page" : "/dashboard", cookies),
  );
  const { port, probe } = await testBed.emptyApp();
  const [cookies] = call.subject.requests.map((request) => /Cookie: (.*)\r\n/.exec(request)![1]!);
  const emptyCall = { port, probe, requests: [query("x", cookies!).replace("/api/trpc/x", "/api/answer")] };
  const emptyPage = { port, probe, requests: [document("/", cookies!)] };
  return [
    await profileOf(context, "protected call", call.subject, onProgress),
    await profileOf(context, "baseline call", call.baseline, onProgress),
    await profileOf(context, "empty call", emptyCall, onProgress),
    await profileOf(context, "private page", page.subject, onProgress),
    await profileOf(context, "baseline page", page.baseline, onProgress),
    await profileOf(context, "empty page", emptyPage, onProgress),
    await profileOf(context, "login", { ...call.subject, requests: loginRequests() }, onProgress),
  ];
}

async function profileOf(
  { loadGenerator, options }: BenchmarkContext,
  name: string,
  target: Target,
  onProgress: OnProgress,
): Promise<Profiled> {
  onProgress(name);
  const { probe, requests } = target;
  const ask = { ports: [target.port], connections: CONNECTIONS, requests };
  await loadGenerator.run({ ...ask, seconds: 3 });
  let count = 0;
  const recorded = await probe.profileDuring(async () => {
    const result = await loadGenerator.run({ ...ask, seconds: options.isQuick ? 4 : 10 });
    count = result.milliseconds.length;
  });
  const folder = join(DATA, "bench");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name.replaceAll(" ", "-")}.cpuprofile`), JSON.stringify(recorded));
  const sources = new OriginalSources();
  const cpuTime = cpuTimeByComponent(recorded, (frame) => sources.of(frame));
  const components = Object.keys(COMPONENTS) as Component[];
  return {
    name,
    microseconds: Object.fromEntries(components.map((component) => [component, cpuTime[component] / count])) as Record<
      Component,
      number
    >,
  };
}

/** Microseconds and shares, one column per profile. */
export function profileTable(profiled: readonly Profiled[]): string {
  const components = Object.keys(COMPONENTS) as Component[];
  const total = ({ microseconds }: Profiled) => components.reduce((sum, component) => sum + microseconds[component], 0);
  const cell = (one: Profiled, component: Component) =>
    `${one.microseconds[component].toFixed(0)} (${((100 * one.microseconds[component]) / total(one)).toFixed(0)} %)`;
  const rows = [
    ["µs of the main thread per request", ...profiled.map(({ name }) => name)],
    ...components.map((component) => [COMPONENTS[component], ...profiled.map((one) => cell(one, component))]),
    ["total", ...profiled.map((one) => total(one).toFixed(0))],
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
