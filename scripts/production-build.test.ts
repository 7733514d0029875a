import { existsSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { identify } from "./process-identity.mjs";
import { removeUnusedBuilds, registerBuildUser } from "./production-build.mjs";

let builds: string;
beforeEach(() => {
  builds = mkdtempSync(join(tmpdir(), "portcullis-"));
});

function build(name: string, { age = 0, isWhole = true } = {}) {
  const folder = join(builds, name);
  mkdirSync(folder);
  if (isWhole) writeFileSync(join(folder, "inputs"), name);
  const time = new Date(Date.now() - age * 1000);
  utimesSync(folder, time, time);
  return folder;
}

const exist = (...folders: string[]) => folders.map((folder) => existsSync(folder));

test("removeUnusedBuilds: keeps builds in use by running processes, and the newest other build", () => {
  const [used, old, spare, current] = [
    build("used"),
    build("old", { age: 9 }),
    build("spare", { age: 5 }),
    build("current"),
  ];
  registerBuildUser(used, identify(process.pid));
  utimesSync(used, 0, 0);
  removeUnusedBuilds(current);
  expect(exist(used, old, spare, current)).toEqual([true, false, true, true]);
});

test("removeUnusedBuilds: dead processes do not keep a build", () => {
  const [spare, old, current] = [build("spare", { age: 5 }), build("old"), build("current")];
  registerBuildUser(old, "999999999@1");
  registerBuildUser(old, `${process.pid}@1`);
  utimesSync(old, 0, 0);
  removeUnusedBuilds(current);
  expect(exist(spare, old, current)).toEqual([true, false, true]);
});

test("removeUnusedBuilds: removes incomplete builds", () => {
  const [half, current] = [build("half", { isWhole: false }), build("current")];
  removeUnusedBuilds(current);
  expect(exist(half, current)).toEqual([false, true]);
});
