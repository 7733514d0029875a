import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { makeLocalSecrets, missingVariables, readEnvironment } from "./environment.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-"));
});

const local = (text: string) => writeFileSync(join(folder, ".env.local"), text);
const shared = (text: string) => writeFileSync(join(folder, ".env"), text);

test("what is said explicitly beats .env.local, which beats .env", () => {
  shared("PORT=1\nLOG_LEVEL=debug\nAPP_ORIGIN=http://localhost:1\n");
  local("PORT=2\nLOG_LEVEL=warn\n");
  expect(readEnvironment({ PORT: "3" }, folder)).toEqual({
    PORT: "3",
    LOG_LEVEL: "warn",
    APP_ORIGIN: "http://localhost:1",
  });
});

test("an empty variable is a missing one", () => {
  local("DATABASE_URL=mysql://one\n");
  expect(readEnvironment({ DATABASE_URL: "" }, folder)).toEqual({ DATABASE_URL: "mysql://one" });
  expect(missingVariables({ DATABASE_URL: "" })).toContain("DATABASE_URL");
});

test("a production does not find its missing secrets in .env.local", () => {
  const secrets = makeLocalSecrets({}, folder);
  expect(missingVariables(readEnvironment({ NODE_ENV: "production" }, folder))).toEqual([
    "DATABASE_URL",
    "APP_ORIGIN",
    ...Object.keys(secrets),
  ]);
});

test("the samples of .env.example are replaced by secrets of this machine's own", () => {
  const samples = { SESSION_SECRET: "example-only-a", JWT_ACCESS_SECRET: "example-only-b" };
  writeFileSync(join(folder, ".env"), "SESSION_SECRET=example-only-a\nJWT_ACCESS_SECRET=example-only-b\n");
  const made = makeLocalSecrets(samples, folder);
  expect(Object.keys(made)).toEqual(Object.keys(samples));
  expect(readEnvironment({}, folder)).toMatchObject(made);
});

test("local secrets are made once, differ, are long enough, and are readable by their owner only", () => {
  const made = makeLocalSecrets({}, folder);
  expect(Object.keys(made)).toEqual(["SESSION_SECRET", "JWT_ACCESS_SECRET"]);
  expect(made.SESSION_SECRET).not.toBe(made.JWT_ACCESS_SECRET);
  for (const secret of Object.values(made)) expect(secret.length).toBeGreaterThanOrEqual(32);
  expect(statSync(join(folder, ".env.local")).mode & 0o777).toBe(0o600);

  const again = readEnvironment({}, folder);
  expect(again).toEqual(made);
  expect(makeLocalSecrets(again, folder)).toEqual({});
});

test("a secret is added to what somebody wrote, and takes nothing away from it", () => {
  local("LOG_LEVEL=debug\nSESSION_SECRET=one-that-somebody-chose");
  const made = makeLocalSecrets(readEnvironment({}, folder), folder);
  expect(Object.keys(made)).toEqual(["JWT_ACCESS_SECRET"]);
  expect(readEnvironment({}, folder)).toEqual({
    LOG_LEVEL: "debug",
    SESSION_SECRET: "one-that-somebody-chose",
    ...made,
  });
  expect(readFileSync(join(folder, ".env.local"), "utf8")).not.toContain("DATABASE_URL");
});
