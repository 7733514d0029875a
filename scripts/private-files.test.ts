import { chmodSync, chownSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { run } from "./command.mjs";
import { prepareFolders, explainFileError, openPrivateFile } from "./private-files.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-"));
});

const modeOf = (path: string) => (statSync(join(folder, path)).mode & 0o777).toString(8);
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

test("a log is for its owner alone, one of an earlier version too", async () => {
  const log = join(folder, "logs", "some.log");
  openPrivateFile(log, "w");
  expect([modeOf("logs"), modeOf("logs/some.log")]).toEqual(["700", "600"]);
  chmodSync(log, 0o644);
  await run(process.execPath, ["--version"], { log });
  expect(modeOf("logs/some.log")).toBe("600");
});

test(".data and its logs are for their owner alone, also where they were not", () => {
  mkdirSync(join(folder, ".data", "logs"), { recursive: true, mode: 0o755 });
  prepareFolders(folder);
  expect([modeOf(".data"), modeOf(".data/logs")]).toEqual(["700", "700"]);
});

function problemOf(root: string): string {
  try {
    prepareFolders(root);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

test.runIf(isRoot)(".data of another user stops the start in a line that names both, and what to do", () => {
  mkdirSync(join(folder, ".data"));
  chownSync(join(folder, ".data"), NOBODY, NOBODY);
  expect(problemOf(folder)).toMatch(/^\.data belongs to nobody, and this is run as root\. .*chown -R 0 \S+$/);
});

test.runIf(isRoot)("a folder within .data that an earlier start as another user left behind is found, too", () => {
  mkdirSync(join(folder, ".data", "entry"), { recursive: true });
  chownSync(join(folder, ".data", "entry"), NOBODY, NOBODY);
  expect(problemOf(folder)).toMatch(
    /^\.data\/entry belongs to nobody, .*give \.data to root: sudo chown -R 0 \S+\.data$/,
  );
});

test.runIf(isRoot)("root may use packages and a build that a user made", () => {
  for (const name of [".next", "node_modules"]) {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), NOBODY, NOBODY);
  }
  expect(problemOf(folder)).toBe("");
});

test.each([
  ["EACCES", "belongs to"],
  ["EPERM", "belongs to"],
  ["EROFS", "read-only"],
  ["ENOSPC", "disk is full"],
  ["EDQUOT", "disk is full"],
])("%s is told in one line that names the file", (code, says) => {
  const file = join(folder, "some file");
  writeFileSync(file, "");
  const told = explainFileError(Object.assign(new Error(code), { code, path: file, syscall: "open" }));
  expect(told).toContain(file);
  expect(told).toContain(says);
  expect(told).not.toContain("\n");
});

test.each(["a#b", "a?b"])("a folder called %s is refused at once: the build would fail", (name) => {
  mkdirSync(join(folder, name));
  expect(problemOf(join(folder, name))).toMatch(/^\S+ has a # or a \? in it/);
});

test("other errors keep their stack", () => {
  expect(explainFileError(Object.assign(new Error("x"), { code: "ENOENT", path: folder }))).toBeNull();
  expect(explainFileError(new Error("x"))).toBeNull();
});
