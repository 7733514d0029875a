import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { USER_AGENT } from "@/evidence/app-client";
import { atMost } from "@/evidence/bench/thresholds";
import type { Benchmark } from "@/evidence/bench/benchmark";
import { EMPTY_APP, BASELINE } from "@/evidence/bench/build";
import { measurement, kilobytes } from "@/evidence/bench/measurements";
import { bytesByGroup, groupTable, scriptFiles } from "@/evidence/bench/script-groups";
import { resourcesOf } from "@/evidence/bench/page-resources";
import { cookiesOf } from "@/evidence/bench/seed-data";
import { fetchResponse } from "@/evidence/http-client";
import { DATA } from "@/scripts/paths.mjs";

const PAGES = [
  "/login",
  "/register",
  "/maintenance",
  "/dashboard",
  "/dashboard/sessions",
  "/dashboard/account",
  "/dashboard/security",
];

interface Weight {
  document: number;
  scripts: Record<string, number>;
  script: number;
  style: number;
  other: number;
}

/** Compressed bytes of a page and its resources, relative to an empty page of Next.js. */
export const weight: Benchmark = async ({ testBed }, onProgress) => {
  const { times } = await testBed.smallDatabase(onProgress);
  const { port } = await testBed.app(onProgress);
  const { access, refresh } = await cookiesOf(0, times);
  const empty = await measurePage((await testBed.emptyApp()).port, "/", "");
  const measurements = [];
  for (const path of PAGES) {
    onProgress(path);
    const page = await measurePage(port, path, path.startsWith("/dashboard") ? `${access}; ${refresh}` : "");
    const total = page.document + page.script + page.style + page.other;
    measurements.push(
      measurement(`Script of ${path} minus that of an empty page`, page.script - empty.script, {
        format: kilobytes,
        threshold: path === "/login" ? atMost(25_000) : null,
        note: `style ${kilobytes(page.style)}, total ${kilobytes(total)}`,
        detail: { page, empty },
      }),
    );
  }
  const baselineLogin = await measurePage((await testBed.baseline(onProgress)).port, "/login", "");
  const table = groupTable(
    bytesByGroup(scriptFiles(BASELINE, Object.keys(baselineLogin.scripts))),
    bytesByGroup(scriptFiles(EMPTY_APP, Object.keys(empty.scripts))),
  );
  writeFileSync(join(DATA, "bench", "page-weight.md"), `${table}\n`);
  return [...measurements, measurement("Script of the empty page", empty.script, { format: kilobytes })];
};

async function measurePage(port: number, path: string, cookies: string): Promise<Weight> {
  const page = await fetchCompressed(port, path, cookies);
  const { scripts, styles, others } = resourcesOf(page.text);
  const bytesOf = async (address: string) => [address, (await fetchCompressed(port, address, "")).bytes] as const;
  const script = Object.fromEntries(await Promise.all(scripts.map(bytesOf)));
  const sum = (bytes: number[]) => bytes.reduce((total, one) => total + one, 0);
  const sumOf = async (addresses: string[]) =>
    sum((await Promise.all(addresses.map(bytesOf))).map(([, bytes]) => bytes));
  return {
    document: page.bytes,
    scripts: script,
    script: sum(Object.values(script)),
    style: await sumOf(styles),
    other: await sumOf(others),
  };
}

async function fetchCompressed(port: number, path: string, cookies: string): Promise<{ bytes: number; text: string }> {
  const headers = {
    "user-agent": USER_AGENT,
    "accept-encoding": "gzip",
    "sec-fetch-dest": path.includes("/_next/") ? "script" : "document",
    ...(cookies === "" ? {} : { cookie: cookies }),
  };
  const { status, headers: received, body, content } = await fetchResponse({ port, path, headers });
  if (status !== 200) throw new Error(`${path} returned ${status}`);
  const text = received["content-encoding"] === "gzip" ? gunzipSync(content).toString() : body;
  return { bytes: content.length, text };
}
