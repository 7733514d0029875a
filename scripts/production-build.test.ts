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

const left = (...folders: string[]) => folders.map((folder) => existsSync(folder));

test("a build that a living process uses is kept, however old it is; the newest other one too", () => {
  const [used, old, spare, current] = [
    build("used"),
    build("old", { age: 9 }),
    build("spare", { age: 5 }),
    build("current"),
  ];
  registerBuildUser(used, identify(process.pid));
  utimesSync(used, 0, 0);
  removeUnusedBuilds(current);
  expect(left(used, old, spare, current)).toEqual([true, false, true, true]);
});

test("processes that are gone keep no build", () => {
  const [spare, old, current] = [build("spare", { age: 5 }), build("old"), build("current")];
  registerBuildUser(old, "999999999@1");
  registerBuildUser(old, `${process.pid}@1`);
  utimesSync(old, 0, 0);
  removeUnusedBuilds(current);
  expect(left(spare, old, current)).toEqual([true, false, true]);
});

test("a half-made build is not kept", () => {
  const [half, current] = [build("half", { isWhole: false }), build("current")];
  removeUnusedBuilds(current);
  expect(left(half, current)).toEqual([false, true]);
});
