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

test("openPrivateFile: a log file gets mode 0600, even if it already exists", async () => {
  const log = join(folder, "logs", "some.log");
  openPrivateFile(log, "w");
  expect([modeOf("logs"), modeOf("logs/some.log")]).toEqual(["700", "600"]);
  chmodSync(log, 0o644);
  await run(process.execPath, ["--version"], { log });
  expect(modeOf("logs/some.log")).toBe("600");
});

test("prepareFolders: .data and its logs get mode 0700, even if they already exist", () => {
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

test.runIf(isRoot)(
  "prepareFolders: a .data of another user stops the start with one line that names both users and the remedy",
  () => {
    mkdirSync(join(folder, ".data"));
    chownSync(join(folder, ".data"), NOBODY, NOBODY);
    expect(problemOf(folder)).toMatch(/^\.data belongs to nobody, and this command runs as root\. .*chown -R 0 \S+$/);
  },
);

test.runIf(isRoot)("prepareFolders: a subfolder of .data that belongs to another user is found", () => {
  mkdirSync(join(folder, ".data", "entry"), { recursive: true });
  chownSync(join(folder, ".data", "entry"), NOBODY, NOBODY);
  expect(problemOf(folder)).toMatch(
    /^\.data\/entry belongs to nobody, .*change the owner of \.data to root: sudo chown -R 0 \S+\.data$/,
  );
});

test.runIf(isRoot)("prepareFolders: root may use packages and a build of another user", () => {
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
])("explainFileError: %s becomes one line that names the file", (code, says) => {
  const file = join(folder, "some file");
  writeFileSync(file, "");
  const message = explainFileError(Object.assign(new Error(code), { code, path: file, syscall: "open" }));
  expect(message).toContain(file);
  expect(message).toContain(says);
  expect(message).not.toContain("\n");
});

test.each(["a#b", "a?b"])("prepareFolders: a folder named %s is refused because the build would fail", (name) => {
  mkdirSync(join(folder, name));
  expect(problemOf(join(folder, name))).toMatch(/^\S+ contains # or \?/);
});

test("explainFileError: returns null for other errors", () => {
  expect(explainFileError(Object.assign(new Error("x"), { code: "ENOENT", path: folder }))).toBeNull();
  expect(explainFileError(new Error("x"))).toBeNull();
});
