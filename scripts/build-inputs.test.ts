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
])("a change of %s asks for a new build", (path, content) => {
  const before = hash();
  write(path, content);
  expect(hash()).not.toBe(before);
});

test.each([
  "app/page.test.tsx",
  "db/tables/users.db.test.ts",
  "README.md",
  "what-npm-start-said.txt",
  ".env.local",
  ".data/logs/app.log",
  ".next/build",
  "e2e/login.spec.ts",
  "node_modules/zod/index.js",
  "next-env.d.ts",
  "tsconfig.tsbuildinfo",
])("%s is not part of a build", (path) => {
  const before = hash();
  write(path, "anything");
  expect(hash()).toBe(before);
});

test("content that moves from one file to its neighbour is a change", () => {
  write("app/a.ts", "12");
  write("app/b.ts", "3");
  const before = hash();
  write("app/a.ts", "1");
  write("app/b.ts", "23");
  expect(hash()).not.toBe(before);
});

test("only what Next.js puts into a build counts of the environment", () => {
  expect(hash({ SESSION_SECRET: "a" })).toBe(hash({ SESSION_SECRET: "b" }));
  expect(hash({ NEXT_PUBLIC_NAME: "a" })).not.toBe(hash({ NEXT_PUBLIC_NAME: "b" }));
});

test("inputs are listed in one order on every machine", () => {
  write("app/z.ts", "");
  write("app/B.ts", "");
  expect(listInputs(root)).toEqual(["app/B.ts", "app/page.tsx", "app/z.ts"]);
});
