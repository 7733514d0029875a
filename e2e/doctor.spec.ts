import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { ENTRY } from "@/scripts/paths.mjs";

interface Report {
  healthy: boolean;
  groups: { title: string; findings: { id: string }[] }[];
}

/** Runs the production build with `node`, as a container does. */
function runDoctor(url: string): { status: number | null; report: Report } {
  const { status, stdout } = spawnSync(process.execPath, [join(ENTRY, "doctor.mjs"), "--json", "--url", url], {
    env: { NODE_ENV: "production" },
    encoding: "utf8",
  });
  return { status, report: JSON.parse(stdout) };
}

test("doctor: reports no findings for the running app", async ({ baseURL }) => {
  const { status, report } = runDoctor(baseURL ?? "");
  expect(report.groups.flatMap(({ findings }) => findings)).toEqual([]);
  expect(report.groups.map(({ title }) => title)).toEqual([
    "App",
    "Cookies",
    "Headers",
    "Caching",
    "Requests",
    "Addresses",
    "Signing keys",
    "Clocks",
  ]);
  expect([status, report.healthy]).toEqual([0, true]);
});

test("doctor: reports an unreachable app and exits with 1", () => {
  const { status, report } = runDoctor("http://localhost:9");
  expect(report.groups[0]?.findings).toMatchObject([{ id: "unreachable" }]);
  expect(status).toBe(1);
});
