import { describe, expect, test } from "vitest";
import { idsOf } from "@/ops/doctor/testing";
import { PACKAGE_ADVISORIES, REVIEWED_ON } from "./advisories";
import { isBefore } from "./compare-versions";
import { judgeVersions } from "./judge-versions";
import { readVersions } from "./read-versions";

const now = new Date(REVIEWED_ON);
const packages = { next: "16.4.6", mysql2: "3.24.5", kysely: "0.28.18", jose: "6.2.17", "@trpc/server": "11.19.0" };
const judge = (changes: object, node = "24.18.1", at = now) =>
  judgeVersions({ node, packages: { ...packages, ...changes } }, at);

test("versions: versions without known vulnerabilities are healthy", () => {
  expect(idsOf(judge({}))).toEqual([]);
});

test.each([
  ["next", "16.3.2", "GHSA-p293-qw3h-jr36"],
  ["next", "16.3.3-canary.4", "GHSA-p293-qw3h-jr36"],
  ["next", "15.2.2", "CVE-2025-29927"],
  ["next", "16.0.6", "CVE-2025-55182"],
  ["mysql2", "3.9.6", "CVE-2024-21511"],
  ["mysql2", "3.22.0", "GHSA-rgwj-5xj2-c3m3"],
  ["kysely", "0.28.16", "CVE-2026-44635"],
  ["jose", "4.15.4", "CVE-2024-28176"],
  ["@trpc/server", "11.7.2", "CVE-2025-68130"],
])("versions: %s %s has a vulnerability: %s", (name, version, id) => {
  const group = judge({ [name]: version });
  expect(idsOf(group)).toEqual(["✗ package-vulnerable"]);
  expect(group.findings[0]?.says).toContain(id);
});

test("versions: all vulnerabilities are listed, and the newest fixed version is the remedy", () => {
  const [finding] = judge({ next: "15.0.0" }).findings;
  for (const { id } of PACKAGE_ADVISORIES.next ?? []) expect(finding?.says).toContain(id);
  expect(finding?.todo).toContain("next@16.3.3");
});

test("versions: a missing package is a problem", () => {
  expect(idsOf(judge({ jose: null }))).toEqual(["✗ package-missing"]);
});

test.each([
  ["20.18.0", ["✗ node-too-old"]],
  ["20.19.0", ["! node-ended"]],
  ["22.23.1", ["✗ node-vulnerable"]],
  ["22.23.2", []],
  ["24.18.0", ["✗ node-vulnerable"]],
  ["26.0.0", []],
])("versions: Node %s: %j", (node, ids) => {
  expect(idsOf(judge({}, node))).toEqual(ids);
});

test("versions: a list reviewed more than 180 days ago is a warning", () => {
  const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
  expect(idsOf(judge({}, "24.18.1", later(180)))).toEqual([]);
  expect(idsOf(judge({}, "24.18.1", later(181)))).toEqual(["! advisories-old"]);
});

test("versions: advisories are sorted from newest to oldest", () => {
  for (const advisories of Object.values(PACKAGE_ADVISORIES)) {
    advisories.slice(1).forEach(({ fixedIn }, at) => expect(isBefore(fixedIn, advisories[at]!.fixedIn)).toBe(true));
  }
});

test("versions: the installed packages have no known vulnerability", async () => {
  const { packages: installed } = await readVersions(process.cwd());
  expect(Object.keys(installed).sort()).toEqual(Object.keys(PACKAGE_ADVISORIES).sort());
  expect(idsOf(judgeVersions({ node: "24.18.1", packages: installed }, now))).toEqual([]);
});

describe("isBefore", () => {
  test.each([
    ["3.9.7", "3.10.0", true],
    ["3.10.0", "3.9.7", false],
    ["16.3.3", "16.3.3", false],
    ["16.3.3-canary.1", "16.3.3", true],
    ["16.3.3", "16.3.3-canary.1", false],
    ["16.4.0-canary.1", "16.3.3", false],
    ["10.11.19-MariaDB-0+deb12u1", "10.11.19", false],
    ["10.11.6-MariaDB", "10.11.17", true],
    ["8.4.7", "8.4", false],
    ["v22.1.0", "22.2.0", true],
  ])("%s before %s: %s", (one, other, expected) => {
    expect(isBefore(one, other)).toBe(expected);
  });
});
