import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseEnv, promisify } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import { makeLocalSecrets, missingVariables, readEnvironment, reconcileAddress } from "./environment.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-"));
});

const local = (text: string) => writeFileSync(join(folder, ".env.local"), text);
const shared = (text: string) => writeFileSync(join(folder, ".env"), text);

const SAMPLES = {
  SESSION_SECRET: "example-only-a",
  JWT_ACCESS_SECRET: "example-only-b",
  ENCRYPTION_SECRET: "example-only-c",
};

test("environment: explicit variables override .env.local, which overrides .env", () => {
  shared("PORT=1\nLOG_LEVEL=debug\nAPP_ORIGIN=http://localhost:1\n");
  local("PORT=2\nLOG_LEVEL=warn\n");
  expect(readEnvironment({ PORT: "3" }, folder)).toEqual({
    PORT: "3",
    LOG_LEVEL: "warn",
    APP_ORIGIN: "http://localhost:1",
  });
});

test("environment: an empty variable counts as missing", () => {
  local("DATABASE_URL=mysql://one\n");
  expect(readEnvironment({ DATABASE_URL: "" }, folder)).toEqual({ DATABASE_URL: "mysql://one" });
  expect(missingVariables({ DATABASE_URL: "" })).toContain("DATABASE_URL");
});

test("environment: production ignores .env.local", () => {
  const secrets = makeLocalSecrets({}, folder);
  expect(missingVariables(readEnvironment({ NODE_ENV: "production" }, folder))).toEqual([
    "DATABASE_URL",
    "APP_ORIGIN",
    ...Object.keys(secrets),
  ]);
});

test("local secrets: replace the samples of .env.example", () => {
  writeFileSync(
    join(folder, ".env"),
    Object.entries(SAMPLES)
      .map((pair) => pair.join("="))
      .join("\n"),
  );
  const made = makeLocalSecrets(SAMPLES, folder);
  expect(Object.keys(made)).toEqual(Object.keys(SAMPLES));
  expect(readEnvironment({}, folder)).toMatchObject(made);
});

test("local secrets: are generated once, differ, are long enough, and are readable only by the owner", () => {
  const made = makeLocalSecrets({}, folder);
  expect(Object.keys(made)).toEqual(Object.keys(SAMPLES));
  expect(new Set(Object.values(made)).size).toBe(3);
  for (const secret of Object.values(made)) expect(secret.length).toBeGreaterThanOrEqual(32);
  expect(statSync(join(folder, ".env.local")).mode & 0o777).toBe(0o600);

  const again = readEnvironment({}, folder);
  expect(again).toEqual(made);
  expect(makeLocalSecrets(again, folder)).toEqual({});
});

test("local secrets: are appended to an existing .env.local without removing anything", () => {
  local("LOG_LEVEL=debug\nSESSION_SECRET=chosen-by-the-user");
  const made = makeLocalSecrets(readEnvironment({}, folder), folder);
  expect(Object.keys(made)).toEqual(["JWT_ACCESS_SECRET", "ENCRYPTION_SECRET"]);
  expect(readEnvironment({}, folder)).toEqual({
    LOG_LEVEL: "debug",
    SESSION_SECRET: "chosen-by-the-user",
    ...made,
  });
  expect(readFileSync(join(folder, ".env.local"), "utf8")).not.toContain("DATABASE_URL");
});

test("local secrets: concurrent starts generate one set of secrets and all use it", async () => {
  const module = pathToFileURL(join(import.meta.dirname, "environment.mjs")).href;
  const folders = Array.from({ length: 60 }, () => mkdtempSync(join(folder, "clone-")));
  const at = Date.now() + 2000;
  const program = `
    import { makeLocalSecrets, readEnvironment } from ${JSON.stringify(module)};
    const used = process.argv.slice(1).map((folder, round) => {
      while (Date.now() < ${at} + round * 20);
      const made = makeLocalSecrets(readEnvironment({}, folder), folder);
      const { SESSION_SECRET, JWT_ACCESS_SECRET, ENCRYPTION_SECRET } = { ...readEnvironment({}, folder), ...made };
      return { SESSION_SECRET, JWT_ACCESS_SECRET, ENCRYPTION_SECRET };
    });
    console.log(JSON.stringify(used));`;
  const args = ["--input-type=module", "--eval", program, ...folders];
  const starts = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, args));
  const used = (await Promise.all(starts)).map(({ stdout }) => JSON.parse(stdout) as object[]);
  for (const [round, folder] of folders.entries()) {
    const text = readFileSync(join(folder, ".env.local"), "utf8");
    expect(text.match(/SESSION_SECRET=/g)).toHaveLength(1);
    for (const start of used) expect(start[round]).toEqual(parseEnv(text));
    expect(readdirSync(folder)).toEqual([".env.local"]);
  }
}, 60_000);

test("local secrets: an explicit sample is replaced once, not again at every start", () => {
  const made = makeLocalSecrets(readEnvironment(SAMPLES, folder), folder);
  expect(readEnvironment(SAMPLES, folder)).toEqual(made);
  expect(makeLocalSecrets(readEnvironment(SAMPLES, folder), folder)).toEqual({});
});

test("local secrets: a world-readable .env.local becomes readable only by the owner", () => {
  writeFileSync(join(folder, ".env.local"), "LOG_LEVEL=debug\n", { mode: 0o644 });
  makeLocalSecrets(readEnvironment({}, folder), folder);
  expect(statSync(join(folder, ".env.local")).mode & 0o777).toBe(0o600);
});

describe("APP_ORIGIN and PORT", () => {
  const sample = { APP_ORIGIN: "http://localhost:3000", PORT: "3000" };
  const shell = (given: object) => [{}, {}, given] as Record<string, string>[];
  const copied = (given: object, file: object = sample) => [file, {}, given] as Record<string, string>[];

  test.each([
    ["nothing is set", shell({})],
    ["PORT alone: the origin is made from it", shell({ PORT: "3505" })],
    ["both agree", shell({ APP_ORIGIN: "http://localhost:3505", PORT: "3505" })],
    ["a copied .env.example", copied({})],
    ["port 80", shell({ APP_ORIGIN: "http://localhost", PORT: "80" })],
    ["https: a proxy is in front", shell({ APP_ORIGIN: "https://portcullis.localhost:8443", PORT: "3505" })],
    [
      "TRUSTED_PROXY_HOPS is set",
      shell({ APP_ORIGIN: "http://localhost:8080", PORT: "3505", TRUSTED_PROXY_HOPS: "1" }),
    ],
    ["an invalid origin is reported elsewhere", shell({ APP_ORIGIN: "localhost:3000", PORT: "3505" })],
  ])("%s: no conflict between APP_ORIGIN and PORT", (_, sources) => expect(reconcileAddress(sources)).toEqual({}));

  test.each([
    ["PORT on the command line overrides a copied .env.example", copied({ PORT: "3505" }), "http://localhost:3505"],
    [
      "PORT on the command line overrides an origin in .env",
      copied({ PORT: "3505" }, { APP_ORIGIN: "http://127.0.0.1:4000" }),
      "http://127.0.0.1:3505",
    ],
    [
      "PORT on the command line overrides an origin in .env.local",
      [{}, { APP_ORIGIN: "http://[::1]:4000" }, { PORT: "3505" }],
      "http://[::1]:3505",
    ],
    ["PORT changed in a copied .env.example", copied({}, { ...sample, PORT: "3505" }), "http://localhost:3505"],
  ])("%s: the origin is derived from PORT, with a notice", (_, sources, origin) => {
    const address = reconcileAddress(sources);
    expect(address).toEqual({ origin, notice: expect.stringContaining(origin) });
    expect(address.notice).toContain("listens on port 3505");
  });

  test.each([
    ["alone", shell({ APP_ORIGIN: "http://localhost:4000" })],
    ["on the command line, over a copied .env.example", copied({ APP_ORIGIN: "http://localhost:4000" })],
    ["in .env alone", copied({}, { APP_ORIGIN: "http://localhost:4000/" })],
  ])("APP_ORIGIN %s: the port is derived from APP_ORIGIN, with a notice", (_, sources) => {
    expect(reconcileAddress(sources)).toEqual({ port: "4000", notice: expect.stringContaining("port 4000") });
  });

  test.each([
    [{ HOST: "10.0.0.7" }, false],
    [{ HOST: "10.0.0.7", APP_ORIGIN: "http://127.0.0.1:3000" }, false],
    [{ HOST: "127.0.0.1", APP_ORIGIN: "http://[::1]:3000" }, false],
    [{ HOST: "localhost", APP_ORIGIN: "http://127.0.0.5:3000" }, false],
    [{ HOST: "127.0.0.1" }, true],
    [{ HOST: "::1", APP_ORIGIN: "http://localhost:3000" }, true],
    [{ HOST: "localhost", APP_ORIGIN: "http://[::1]:3000" }, true],
    [{ HOST: "0.0.0.0" }, true],
    [{ HOST: "::", APP_ORIGIN: "http://[::1]:3000" }, true],
    [{ HOST: "10.0.0.7", APP_ORIGIN: "https://app.example.com" }, true],
    [{ HOST: "10.0.0.7", APP_ORIGIN: "http://localhost:3000", TRUSTED_PROXY_HOPS: "1" }, true],
  ])("%j: the app is reachable at APP_ORIGIN: %s", (given, isReachable) => {
    expect(reconcileAddress(shell(given)).problem ?? "").toMatch(
      isReachable ? /^$/ : /^HOST is \S+, so the app cannot be reached at APP_ORIGIN http/,
    );
  });

  test.each([
    ["both on the command line", shell({ APP_ORIGIN: "http://localhost:4000", PORT: "3505" })],
    ["both in one file", copied({}, { APP_ORIGIN: "http://localhost:4000", PORT: "3505" })],
    ["the sample, but on the command line", shell({ APP_ORIGIN: "http://localhost:3000", PORT: "3505" })],
    ["production derives nothing", copied({ NODE_ENV: "production", PORT: "3505" })],
  ])("%s: a contradiction stops the start with one line that says what to set", (_, sources) => {
    const { problem, ...rest } = reconcileAddress(sources);
    expect(rest).toEqual({});
    expect(problem).toMatch(
      /^APP_ORIGIN is http:\S+, but the app listens on port 3505\..* Set APP_ORIGIN=http:\S+:3505, or PORT=\d+, or/,
    );
    expect(problem).not.toContain("\n");
  });
});
