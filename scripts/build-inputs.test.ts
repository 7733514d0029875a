import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { hashBuildInputs, listInputs } from "./build-inputs.mjs";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "portcullis-"));
  write("app/page.tsx", "one");
});

function write(path: string, content: string) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

const hash = (environment = {}) => hashBuildInputs(root, environment);

test.each([
  ["app/page.tsx", "two"],
  ["app/new/page.tsx", "one"],
  ["some-new-folder/data.json", "{}"],
  ["package-lock.json", "{}"],
  ["next.config.ts", "export default {}"],
])("build inputs: changing %s requires a new build", (path, content) => {
  const before = hash();
  write(path, content);
  expect(hash()).not.toBe(before);
});

test.each([
  "app/page.test.tsx",
  "db/tables/users.db.test.ts",
  "README.md",
  "npm-start-output.txt",
  ".env.local",
  ".data/logs/app.log",
  ".next/build",
  "e2e/login.spec.ts",
  "node_modules/zod/index.js",
  "next-env.d.ts",
  "tsconfig.tsbuildinfo",
])("build inputs: %s is not an input", (path) => {
  const before = hash();
  write(path, "anything");
  expect(hash()).toBe(before);
});

test("build inputs: moving content between files changes the hash", () => {
  write("app/a.ts", "12");
  write("app/b.ts", "3");
  const before = hash();
  write("app/a.ts", "1");
  write("app/b.ts", "23");
  expect(hash()).not.toBe(before);
});

test("build inputs: only NEXT_PUBLIC_ variables of the environment count", () => {
  expect(hash({ SESSION_SECRET: "a" })).toBe(hash({ SESSION_SECRET: "b" }));
  expect(hash({ NEXT_PUBLIC_NAME: "a" })).not.toBe(hash({ NEXT_PUBLIC_NAME: "b" }));
});

test("build inputs: the order of files is the same on every machine", () => {
  write("app/z.ts", "");
  write("app/B.ts", "");
  expect(listInputs(root)).toEqual(["app/B.ts", "app/page.tsx", "app/z.ts"]);
});
